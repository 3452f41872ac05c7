/**
 * Files of releases, and share cards, by path (`releases/ab12…/client.js`). Adapter: a directory.
 * A path has 1 … 512 characters: lower-case letters, digits, `.`, `_`, `-` and `/`, no part of it is empty, `.` or `..`;
 * anything else is a programming error and throws.
 */
export interface StoredFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

export interface Files {
  /**
   * Writes atomically and durably; replaces an existing file. Throws if the path is stored with another content
   * type, or is a folder, or is below a file.
   */
  put(path: string, bytes: Uint8Array, contentType: string): Promise<void>;
  get(path: string): Promise<StoredFile | null>;
  has(path: string): Promise<boolean>;
  /** Paths that begin with `prefix`, sorted. */
  list(prefix: string): Promise<readonly string[]>;
}
