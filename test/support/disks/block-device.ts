/**
 * Block devices for tests of power cuts and disk errors: image files behind loop devices, each with its own file
 * system. Linux only, needs root.
 *
 * `powerCutDisk`: ext4 in an image file on an xfs. A reflink clone of the image is what a power cut at this moment
 * would leave: everything that reached the device and nothing that was only in the page cache. Cloning is atomic,
 * also while a process writes.
 *
 * `faultyDisk`: ext4 on an nbdkit device whose filters fail or delay writes; nbdfuse presents it as a file.
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
/** mkfs.xfs needs at least 300 MB; image files are sparse. */
const XFS_MB = 1_024;
/** Unmounting fails until a process that was just killed has closed its files. */
const UNMOUNT_TRIES = 100;
const TRY_MS = 50;
const NBD_WAIT_MS = 10_000;
const PROGRAMS = ['mkfs.xfs', 'mkfs.ext4', 'nbdkit', 'nbdfuse', 'gcc'];

export interface Clone {
  /** Mount point of the clone. */
  readonly path: string;
  remove(): Promise<void>;
}

export interface PowerCutDisk {
  readonly path: string;
  /** Returns a clone with everything that was durable before the call; the original is not affected. */
  powerCut(): Promise<Clone>;
  remove(): Promise<void>;
}

export interface FaultyDisk {
  readonly path: string;
  /** Makes every write to the device fail with EIO. */
  fail(): void;
  /** Ends `fail`. */
  heal(): void;
  /** Remounts to drop the page cache. Afterwards each write to the device takes `delayMs`. */
  remount(options?: { readonly delayMs?: number }): Promise<void>;
  remove(): Promise<void>;
}

/** Why these disks cannot be created here; null = they can. */
export function blockDeviceProblem(): string | null {
  if (process.platform !== 'linux') return 'loop devices need Linux';
  if (process.getuid?.() !== 0) return 'mounting needs root';
  const missing = PROGRAMS.filter((name) => Bun.which(name) === null);
  if (missing.length > 0) return `missing programs: ${missing.join(', ')}`;
  const missingDevices = ['/dev/loop-control', '/dev/fuse'].filter((path) => !existsSync(path));
  return missingDevices.length > 0 ? `missing devices: ${missingDevices.join(', ')}` : null;
}

export async function powerCutDisk(megabytes: number): Promise<PowerCutDisk> {
  const folder = createMountFolder();
  const host = join(folder.path, 'host');
  const path = join(folder.path, 'disk');
  const image = join(host, 'live.img');
  for (const mountPoint of [host, path]) mkdirSync(mountPoint);
  let clones = 0;
  try {
    await run('truncate', '-s', `${XFS_MB}M`, `${host}.img`);
    await run('mkfs.xfs', '-q', '-m', 'reflink=1', `${host}.img`);
    await folder.mount(`${host}.img`, host);
    await makeExt4(image, megabytes);
    await folder.mount(image, path);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    path,
    async powerCut() {
      const clone = join(host, `cut-${++clones}.img`);
      const mounted = join(folder.path, `cut-${clones}`);
      await run('cp', '--reflink=always', image, clone);
      mkdirSync(mounted);
      await folder.mount(clone, mounted);
      return {
        path: mounted,
        async remove() {
          // Lazily, since a failed test may still have files of it open.
          await run('umount', '--lazy', mounted);
          rmdirSync(mounted);
          rmSync(clone);
        },
      };
    },
    remove: () => folder.remove(),
  };
}

export async function faultyDisk(megabytes: number): Promise<FaultyDisk> {
  const folder = createMountFolder();
  const image = join(folder.path, 'disk.img');
  const device = join(folder.path, 'device');
  const path = join(folder.path, 'disk');
  const trigger = join(folder.path, 'fail');
  mkdirSync(device);
  mkdirSync(path);
  const close = async (): Promise<void> => {
    await folder.unmount(path);
    await folder.unmount(device);
  };
  const open = async (delayMs: number): Promise<void> => {
    const filters = ['--filter=error', '--filter=delay', 'file', image, `wdelay=${delayMs}ms`];
    const errors = ['error-pwrite=EIO', 'error-pwrite-rate=100%', `error-pwrite-file=${trigger}`];
    const nbdkit = ['[', 'nbdkit', '--exit-with-parent', ...filters, ...errors, ']'];
    await folder.serve(device, ['nbdfuse', join(device, 'nbd'), ...nbdkit]);
    await folder.mount(join(device, 'nbd'), path);
  };
  try {
    await makeExt4(image, megabytes);
    await open(0);
  } catch (error) {
    await folder.remove();
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
    remove: () => folder.remove(),
  };
}

/** Without lazy initialization, which would write in the background during a test. */
async function makeExt4(image: string, megabytes: number): Promise<void> {
  await run('truncate', '-s', `${megabytes}M`, image);
  await run('mkfs.ext4', '-q', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image);
}

interface MountFolder {
  readonly path: string;
  mount(image: string, at: string): Promise<void>;
  /** Runs a file system server; resolves when it is mounted at `at`. */
  serve(at: string, command: readonly string[]): Promise<void>;
  /** Does nothing if nothing is mounted there. */
  unmount(at: string): Promise<void>;
  remove(): Promise<void>;
}

/** A temporary folder for mounts; all are unmounted and removed at the latest when the process ends. */
function createMountFolder(): MountFolder {
  removeStale();
  const path = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const atExit = (): void => unmountAndRemove(path);
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
      unmountAndRemove(path);
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

/** Unmounts and removes what killed test processes have left. */
function removeStale(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0;
    if (pid > 0 && !existsSync(`/proc/${pid}`)) unmountAndRemove(join(tmpdir(), name));
  }
}

/** Unmounts lazily: a busy mount ends when its last file is closed. */
function unmountAndRemove(path: string): void {
  for (const at of mountsBelow(path)) Bun.spawnSync(['umount', '--lazy', at]);
  rmSync(path, { recursive: true, force: true });
}

/** Innermost and newest first. */
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

/** Compiles `no-sync.c` into `folder` and returns the library's path, for LD_PRELOAD. */
export async function noSyncLibrary(folder: string): Promise<string> {
  const library = join(folder, 'no-sync.so');
  await run('gcc', '-shared', '-fPIC', '-O2', '-o', library, join(import.meta.dir, 'no-sync.c'));
  return library;
}

async function run(...command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`${command.join(' ')}: ${errors.trim()}`);
}
