/** A tmpfs of a few megabytes that a test can fill to the last byte. Needs root. */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  /** Mount point, empty. */
  readonly path: string;
  /** Fills the disk with a filler file. */
  fill(): void;
  /** Fills the disk except for `bytes`, rounded to pages. */
  leaveFree(bytes: number): void;
  /** Removes the filler file. */
  free(): void;
  remove(): void;
}

const FILLER_BYTES = 64 * 1024;

/** Why such a disk cannot be created here; null = it can. */
export function smallDiskProblem(): string | null {
  const probe = smallDisk(1);
  probe?.remove();
  return probe === null ? 'mounting a tmpfs needs root' : null;
}

/** null = mounting failed. */
export function smallDisk(megabytes: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'escapement-disk-'));
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path];
  if (process.getuid?.() !== 0 || !Bun.spawnSync(mount).success) {
    rmSync(path, { recursive: true });
    return null;
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill: () => fill(filler),
    leaveFree(bytes) {
      fill(filler);
      truncateSync(filler, Math.max(0, statSync(filler).size - bytes));
    },
    free: () => rmSync(filler, { force: true }),
    remove() {
      // Lazily, since a process that was just killed may still have files open.
      Bun.spawnSync(['umount', '--lazy', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function fill(path: string): void {
  const file = openSync(path, 'a');
  for (let size = FILLER_BYTES; size >= 1;) {
    try {
      writeSync(file, new Uint8Array(size));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      size = Math.floor(size / 2);
    }
  }
  closeSync(file);
}
