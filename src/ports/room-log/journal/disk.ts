/**
 * The disk operations that the journal needs. `disk.real.ts` uses the operating system; tests and the simulation use
 * a disk with fault injection (`test/support/disks/disk.simulated.ts`).
 *
 * After a power cut only these are guaranteed: bytes that `writeDurably` reported as written, bytes written before
 * a `sync` that returned, and names created, changed or removed before a `syncDirectory` of their folder that
 * returned. Everything else may be there in full, in part, or not at all.
 */
export interface Disk {
  /** Creates the folder and its parents durably, if they do not exist. */
  makeDirectory(path: string): Promise<void>;
  /** Names (not paths) in a folder, in any order. */
  list(directory: string): Promise<readonly string[]>;
  /** Opens an empty file for reading and writing; an existing one is truncated. */
  create(path: string): Promise<DiskFile>;
  /** Opens an existing file for reading. */
  open(path: string): Promise<DiskReader>;
  /** Opens an existing file for reading and writing. */
  reopen(path: string): Promise<DiskFile>;
  /** Atomically replaces `to`. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  space(directory: string): Promise<DiskSpace>;
}

/** Of the file system of a folder. */
export interface DiskSpace {
  /** Available to unprivileged users. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface DiskReader {
  size(): Promise<number>;
  /** `length` bytes at offset `at`; fewer only at the end of the file. The caller owns the buffer. */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Writes may be short: they return the number of bytes written. */
export interface DiskFile extends DiskReader {
  /** Into the page cache only. */
  write(at: number, bytes: Uint8Array): Promise<number>;
  /** Resolves when the bytes are durable (one system call where the platform supports it). */
  writeDurably(at: number, bytes: Uint8Array): Promise<number>;
  /** Makes the file's bytes and its length durable. Must not be retried after a failure. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
}

/**
 * - full:    no space left, or a quota or size limit was reached; the call had no effect.
 * - missing: no such file or folder.
 * - denied:  no permission, or a read-only file system.
 * - failed:  everything else; the state of the disk is unknown.
 */
export type DiskFault = 'full' | 'missing' | 'denied' | 'failed';

/** The only error that a disk throws. */
export class DiskError extends Error {
  readonly fault: DiskFault;

  constructor(fault: DiskFault, message: string) {
    super(message);
    this.name = 'DiskError';
    this.fault = fault;
  }
}
