/**
 * Files of releases, media and logs, by path (`releases/ab12…/client.js`). Adapters: a directory;
 * later S3. Paths are lower-case letters, digits, `.`, `_`, `-` and `/`, without `..`; anything else
 * is a programming error and throws.
 */
export interface StoredFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

export interface Files {
  /**
   * Writes all or nothing, durably, replacing what was there. A path keeps its content type: another
   * one throws. A path cannot be a file and a folder.
   */
  put(path: string, bytes: Uint8Array, contentType: string): Promise<void>;
  get(path: string): Promise<StoredFile | null>;
  has(path: string): Promise<boolean>;
  /** Paths that begin with `prefix`, sorted. */
  list(prefix: string): Promise<readonly string[]>;
}
