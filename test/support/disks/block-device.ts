/**
 * Private block devices for tests that need a disk to fail as disks do: files behind loop devices,
 * with a file system of their own. Only root on Linux can have them.
 *
 * `cuttableDisk`: ext4 in a file that lies on an xfs of its own. A reflink clone of that file is
 * what a power cut at this instant would leave: everything that reached the device, nothing of what
 * was still in the cache of the file system, and the clone is made at one moment though the writer
 * goes on.
 *
 * `faultyDisk`: ext4 behind an nbdkit whose filters fail or delay writes, seen as a file by nbdfuse.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'escapement-block-';
/** The smallest xfs that its mkfs makes is 300 MB; the files are sparse. */
const XFS_MB = 1_024;
/** Unmounting waits for a process that was killed a moment ago. */
const UNMOUNT_TRIES = 100;
const TRY_MS = 50;
const NBD_WAIT_MS = 10_000;
const PROGRAMS = ['mkfs.xfs', 'mkfs.ext4', 'nbdkit', 'nbdfuse', 'gcc'];

export interface Clone {
  /** The root of the disk as the cut left it. */
  readonly path: string;
  remove(): Promise<void>;
}

export interface CuttableDisk {
  readonly path: string;
  /** Everything that was durable before the call is in the clone. The original goes on. */
  cut(): Promise<Clone>;
  remove(): Promise<void>;
}

export interface FaultyDisk {
  readonly path: string;
  /** From now on every write to the device fails with an I/O error. */
  fail(): void;
  heal(): void;
  /** Unmounts and mounts again: what is read from now on comes from the device. Each write takes `delayMs`. */
  remount(options?: { readonly delayMs?: number }): Promise<void>;
  remove(): Promise<void>;
}

/** Why there can be no such disks here, or null. */
export function noBlockDevices(): string | null {
  if (process.platform !== 'linux') return 'loop devices are a thing of Linux';
  if (process.getuid?.() !== 0) return 'only root may mount';
  const missing = PROGRAMS.filter((name) => Bun.which(name) === null);
  if (missing.length > 0) return `${missing.join(', ')} cannot be found`;
  const lacking = ['/dev/loop-control', '/dev/fuse'].filter((path) => !existsSync(path));
  return lacking.length > 0 ? `there is no ${lacking.join(', ')}` : null;
}

export async function cuttableDisk(megabytes: number): Promise<CuttableDisk> {
  const place = newPlace();
  const ground = join(place.path, 'ground');
  const path = join(place.path, 'disk');
  const image = join(ground, 'live.img');
  for (const folder of [ground, path]) mkdirSync(folder);
  let clones = 0;
  try {
    await run('truncate', '-s', `${XFS_MB}M`, `${ground}.img`);
    await run('mkfs.xfs', '-q', '-m', 'reflink=1', `${ground}.img`);
    await place.mount(`${ground}.img`, ground);
    await makeExt4(image, megabytes);
    await place.mount(image, path);
  } catch (error) {
    await place.remove();
    throw error;
  }
  return {
    path,
    async cut() {
      const clone = join(ground, `cut-${++clones}.img`);
      const mounted = join(place.path, `cut-${clones}`);
      await run('cp', '--reflink=always', image, clone);
      mkdirSync(mounted);
      await place.mount(clone, mounted);
      return {
        path: mounted,
        async remove() {
          // Lazily: whoever found the clone damaged may still hold a file of it.
          await run('umount', '--lazy', mounted);
          rmdirSync(mounted);
          rmSync(clone);
        },
      };
    },
    remove: () => place.remove(),
  };
}

export async function faultyDisk(megabytes: number): Promise<FaultyDisk> {
  const place = newPlace();
  const image = join(place.path, 'disk.img');
  const device = join(place.path, 'device');
  const path = join(place.path, 'disk');
  const trigger = join(place.path, 'fail');
  mkdirSync(device);
  mkdirSync(path);
  const close = async (): Promise<void> => {
    await place.unmount(path);
    await place.unmount(device);
  };
  const open = async (delayMs: number): Promise<void> => {
    const filters = ['--filter=error', '--filter=delay', 'file', image, `wdelay=${delayMs}ms`];
    const errors = ['error-pwrite=EIO', 'error-pwrite-rate=100%', `error-pwrite-file=${trigger}`];
    const nbdkit = ['[', 'nbdkit', '--exit-with-parent', ...filters, ...errors, ']'];
    await place.serve(device, ['nbdfuse', join(device, 'nbd'), ...nbdkit]);
    await place.mount(join(device, 'nbd'), path);
  };
  try {
    await makeExt4(image, megabytes);
    await open(0);
  } catch (error) {
    await place.remove();
    throw error;
  }
  return {
    path,
    fail: () => writeFileSync(trigger, ''),
    heal: () => rmSync(trigger, { force: true }),
    async remount({ delayMs = 0 } = {}) {
      await close();
      await open(delayMs);
    },
    remove: () => place.remove(),
  };
}

/** All made now: what mkfs leaves for later would be written behind a test's back. */
async function makeExt4(image: string, megabytes: number): Promise<void> {
  await run('truncate', '-s', `${megabytes}M`, image);
  await run('mkfs.ext4', '-q', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image);
}

interface Place {
  readonly path: string;
  mount(image: string, at: string): Promise<void>;
  /** Runs a server of a file system; resolves when something is mounted at `at`. */
  serve(at: string, command: readonly string[]): Promise<void>;
  /** Nothing happens if nothing is mounted there. */
  unmount(at: string): Promise<void>;
  remove(): Promise<void>;
}

/** A folder with mounts in it that goes with all of them, at the latest when the process ends. */
function newPlace(): Place {
  sweep();
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const atExit = (): void => clear(path);
  process.on('exit', atExit);
  return {
    path,
    mount: (image, at) => run('mount', '-o', 'loop,noatime', image, at),
    async serve(at, command) {
      const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' });
      for (let waited = 0; !isMounted(at); waited += TRY_MS) {
        if (child.exitCode !== null) throw new Error(`${command[0]} ended with ${child.exitCode}`);
        if (waited > NBD_WAIT_MS) throw new Error(`${command[0]} did not mount ${at}`);
        await Bun.sleep(TRY_MS);
      }
    },
    unmount,
    async remove() {
      process.off('exit', atExit);
      for (const at of mountsBelow(path)) await unmount(at).catch(() => {});
      clear(path);
    },
  };
}

async function unmount(at: string): Promise<void> {
  for (let attempt = 1; isMounted(at); attempt++) {
    try {
      await run('umount', at);
    } catch (error) {
      if (attempt === UNMOUNT_TRIES) throw error;
      await Bun.sleep(TRY_MS);
    }
  }
}

/** Takes away what test processes that were killed have left. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0;
    if (pid > 0 && !existsSync(`/proc/${pid}`)) clear(join(tmpdir(), name));
  }
}

/** Without waiting: a mount that is busy goes when its last file is closed. */
function clear(path: string): void {
  for (const at of mountsBelow(path)) Bun.spawnSync(['umount', '--lazy', at]);
  rmSync(path, { recursive: true, force: true });
}

/** The innermost and youngest first. */
function mountsBelow(path: string): readonly string[] {
  return mounts()
    .filter((at) => at.startsWith(`${path}/`))
    .toReversed();
}

function isMounted(at: string): boolean {
  return mounts().includes(at);
}

function mounts(): readonly string[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[1] ?? '');
}

/** The library of `no-sync.c`, for LD_PRELOAD. */
export async function noSyncLibrary(folder: string): Promise<string> {
  const library = join(folder, 'no-sync.so');
  await run('gcc', '-shared', '-fPIC', '-O2', '-o', library, join(import.meta.dir, 'no-sync.c'));
  return library;
}

async function run(...command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}: ${said.trim()}`);
}
