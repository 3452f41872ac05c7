/**
 * The disk through node:fs; every call runs in the runtime's thread pool.
 *
 * `writeDurably` is one pwrite on a second descriptor with O_DSYNC: in allocated space it costs less than pwrite and
 * fdatasync (docs/decisions, journal commit). macOS does not guarantee durability for O_DSYNC; there it is a write
 * and a sync.
 */
import * as fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as path from 'node:path';
import { type Disk, DiskError, type DiskFault, type DiskFile, type DiskReader } from './disk.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Maximum number of bytes per system call. */
const CALL_BYTES_MAX = 64 * 1024 * 1024;

/**
 * When all file descriptors are in use (e.g. by connections), `open` retries for 30 s: idle connections are closed
 * well within this time.
 */
const OPEN_TRIES = 300;
const OPEN_PAUSE_MS = 100;

const calls = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  fstat: promisify(fs.fstat),
  fsync: promisify(fs.fsync),
  fdatasync: promisify(fs.fdatasync),
  ftruncate: promisify(fs.ftruncate),
  rename: promisify(fs.rename),
  unlink: promisify(fs.unlink),
  readdir: promisify(fs.readdir),
  mkdir: promisify(fs.mkdir),
  statfs: promisify(fs.statfs),
};

export function createRealDisk(): Disk {
  return {
    makeDirectory: (folder) => withDiskErrors(() => makeDirectory(path.resolve(folder))),
    list: (folder) => withDiskErrors(() => calls.readdir(folder)),
    create: (file) => withDiskErrors(() => openFile(file, fs.constants.O_CREAT | fs.constants.O_TRUNC)),
    reopen: (file) => withDiskErrors(() => openFile(file, 0)),
    open: (file) => withDiskErrors(async () => reader(await open(file, 'r'))),
    rename: (from, to) => withDiskErrors(() => calls.rename(from, to)),
    remove: (file) => withDiskErrors(() => calls.unlink(file)),
    syncDirectory: (folder) => withDiskErrors(() => syncDirectory(folder)),
    space: (folder) =>
      withDiskErrors(async () => {
        const { bavail, blocks, bsize } = await calls.statfs(folder);
        return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
      }),
  };
}

async function makeDirectory(folder: string): Promise<void> {
  const first = await calls.mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  // A folder's name is stored in its parent: sync the parent of each new folder.
  for (let at = folder; ; at = path.dirname(at)) {
    await syncDirectory(path.dirname(at));
    if (at === first || at === path.dirname(at)) return;
  }
}

async function syncDirectory(folder: string): Promise<void> {
  const fd = await open(folder, 'r');
  try {
    await calls.fsync(fd);
  } finally {
    await calls.close(fd);
  }
}

async function open(file: string, flags: string | number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await calls.open(file, flags, FILE_MODE);
    } catch (error) {
      const isScarce = error instanceof Error && 'code' in error && NO_DESCRIPTOR.has(String(error.code));
      if (!isScarce || attempt === OPEN_TRIES) throw error;
      await pause(OPEN_PAUSE_MS);
    }
  }
}

async function openFile(file: string, flags: number): Promise<DiskFile> {
  const { O_RDWR, O_WRONLY, O_DSYNC } = fs.constants;
  const fd = await open(file, O_RDWR | flags);
  const durable = process.platform === 'linux' ? await open(file, O_WRONLY | O_DSYNC) : null;
  const base = reader(fd);
  return {
    ...base,
    write: (at, bytes) => write(fd, at, bytes),
    async writeDurably(at, bytes) {
      if (durable !== null) return write(durable, at, bytes);
      const written = await write(fd, at, bytes);
      await withDiskErrors(() => calls.fdatasync(fd));
      return written;
    },
    sync: () => withDiskErrors(() => calls.fdatasync(fd)),
    truncate: (size) => withDiskErrors(() => calls.ftruncate(fd, size)),
    async close() {
      await base.close();
      if (durable !== null) await withDiskErrors(() => calls.close(durable));
    },
  };
}

function reader(fd: number): DiskReader {
  return {
    size: () => withDiskErrors(async () => (await calls.fstat(fd)).size),
    async read(at, length) {
      const bytes = Buffer.allocUnsafeSlow(length);
      let filled = 0;
      while (filled < length) {
        const got = await readSome(fd, bytes, filled, at + filled);
        if (got === 0) break;
        filled += got;
      }
      return bytes.subarray(0, filled);
    },
    close: () => withDiskErrors(() => calls.close(fd)),
  };
}

function write(fd: number, at: number, bytes: Uint8Array): Promise<number> {
  const length = Math.min(bytes.length, CALL_BYTES_MAX);
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, 0, length, at, (error, written) => {
      if (error) reject(diskError(error));
      else resolve(written);
    });
  });
}

function readSome(fd: number, into: Uint8Array, offset: number, at: number): Promise<number> {
  const length = Math.min(into.length - offset, CALL_BYTES_MAX);
  return new Promise((resolve, reject) => {
    fs.read(fd, into, offset, length, at, (error, got) => {
      if (error) reject(diskError(error));
      else resolve(got);
    });
  });
}

async function withDiskErrors<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw diskError(error);
  }
}

/** All descriptors of the process or of the system are in use. */
const NO_DESCRIPTOR: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

const FAULTS: { readonly [code: string]: DiskFault } = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
};

function diskError(error: unknown): DiskError {
  if (error instanceof DiskError) return error;
  if (!(error instanceof Error)) return new DiskError('failed', String(error));
  const code = 'code' in error ? String(error.code) : '';
  return new DiskError(FAULTS[code] ?? 'failed', error.message);
}
