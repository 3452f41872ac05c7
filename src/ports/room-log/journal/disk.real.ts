/**
 * The machine's disk, through node:fs; every call runs in the runtime's thread pool.
 *
 * `writeDurably` is one pwrite on a second, O_DSYNC descriptor of the file: in space that is
 * already allocated it costs less than pwrite and fdatasync (docs/decisions, journal commit).
 * macOS does not promise durability for O_DSYNC; there it is a write and a sync.
 */
import * as fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as path from 'node:path';
import { type Disk, DiskError, type DiskFault, type DiskFile, type DiskReader } from './disk.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** One call of the operating system writes or reads at most this much. */
const CALL_BYTES_MAX = 64 * 1024 * 1024;

/**
 * When visitors have taken all file descriptors the journal waits for one: a connection on which
 * nothing moves is closed well within this time.
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
    makeDirectory: (folder) => guarded(() => makeDirectory(path.resolve(folder))),
    list: (folder) => guarded(() => calls.readdir(folder)),
    create: (file) => guarded(() => openFile(file, fs.constants.O_CREAT | fs.constants.O_TRUNC)),
    reopen: (file) => guarded(() => openFile(file, 0)),
    open: (file) => guarded(async () => reader(await open(file, 'r'))),
    rename: (from, to) => guarded(() => calls.rename(from, to)),
    remove: (file) => guarded(() => calls.unlink(file)),
    syncDirectory: (folder) => guarded(() => syncDirectory(folder)),
    space: (folder) =>
      guarded(async () => {
        const { bavail, blocks, bsize } = await calls.statfs(folder);
        return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
      }),
  };
}

async function makeDirectory(folder: string): Promise<void> {
  const first = await calls.mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  // Each new folder's name stands in its parent: sync from the outermost new one inwards.
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

async function open(file: string, how: string | number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await calls.open(file, how, FILE_MODE);
    } catch (error) {
      const scarce = error instanceof Error && 'code' in error && SCARCE.has(String(error.code));
      if (!scarce || attempt === OPEN_TRIES) throw error;
      await pause(OPEN_PAUSE_MS);
    }
  }
}

async function openFile(file: string, how: number): Promise<DiskFile> {
  const { O_RDWR, O_WRONLY, O_DSYNC } = fs.constants;
  const fd = await open(file, O_RDWR | how);
  const durable = process.platform === 'linux' ? await open(file, O_WRONLY | O_DSYNC) : null;
  const base = reader(fd);
  return {
    ...base,
    write: (at, bytes) => write(fd, at, bytes),
    async writeDurably(at, bytes) {
      if (durable !== null) return write(durable, at, bytes);
      const written = await write(fd, at, bytes);
      await guarded(() => calls.fdatasync(fd));
      return written;
    },
    sync: () => guarded(() => calls.fdatasync(fd)),
    truncate: (size) => guarded(() => calls.ftruncate(fd, size)),
    async close() {
      await base.close();
      if (durable !== null) await guarded(() => calls.close(durable));
    },
  };
}

function reader(fd: number): DiskReader {
  return {
    size: () => guarded(async () => (await calls.fstat(fd)).size),
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
    close: () => guarded(() => calls.close(fd)),
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

async function guarded<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw diskError(error);
  }
}

/** No descriptor is left, of this process or of the machine. */
const SCARCE: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

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
