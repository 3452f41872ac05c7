/**
 * What the journal needs of a disk. `disk.real.ts` is the machine's; tests and the simulation bring
 * one that loses, tears and fails on purpose (`test/support/disks/disk.simulated.ts`).
 *
 * What lasts over a power cut, and nothing else: bytes that `writeDurably` answered for, bytes
 * written before a `sync` that returned, and names made, changed or removed before a
 * `syncDirectory` of their folder that returned. Everything else may be there, in part, or not.
 */
export interface Disk {
  /** Makes the folder and its parents, durably; nothing happens if it is there. */
  makeDirectory(path: string): Promise<void>;
  /** Names (not paths) in a folder, in no order. */
  list(directory: string): Promise<readonly string[]>;
  /** An empty file for reading and writing; one of that name is emptied. */
  create(path: string): Promise<DiskFile>;
  /** A file that is there, for reading. */
  open(path: string): Promise<DiskReader>;
  /** A file that is there, for reading and writing. */
  reopen(path: string): Promise<DiskFile>;
  /** Replaces what stands at `to`: after a crash either the old or the new file is there. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  space(directory: string): Promise<DiskSpace>;
}

/** Of the disk that a folder lies on. */
export interface DiskSpace {
  /** What a normal user can still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface DiskReader {
  size(): Promise<number>;
  /** Up to `length` bytes from `at` on; fewer only where the file ends. The buffer is the caller's. */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Writes may be short: they answer how many of the bytes were taken. */
export interface DiskFile extends DiskReader {
  /** Into the cache only. */
  write(at: number, bytes: Uint8Array): Promise<number>;
  /** Returns when the bytes it answers for are durable (one system call where the system can). */
  writeDurably(at: number, bytes: Uint8Array): Promise<number>;
  /** Makes everything written to this file durable, and its length. A failure must not be retried. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
}

/**
 * - full:    no space, quota or size limit reached; the call had no effect beyond what it answered.
 * - missing: no such file or folder.
 * - denied:  no right to do this, or a read-only disk.
 * - failed:  everything else; after it nothing is known about what is on the disk.
 */
export type DiskFault = 'full' | 'missing' | 'denied' | 'failed';

/** The only error a disk throws. */
export class DiskError extends Error {
  readonly fault: DiskFault;

  constructor(fault: DiskFault, message: string) {
    super(message);
    this.name = 'DiskError';
    this.fault = fault;
  }
}
