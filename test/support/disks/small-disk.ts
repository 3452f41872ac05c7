/** A disk of a few megabytes that a test can fill to the last byte; only root can have one. */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  /** An empty folder, which is the whole disk. */
  readonly path: string;
  /** Leaves no byte free. */
  fill(): void;
  /** Leaves so many bytes free, in whole pages. */
  leave(bytes: number): void;
  /** Makes room again. */
  empty(): void;
  remove(): void;
}

const FILLER_BYTES = 64 * 1024;

/** Why there can be no such disk here, or null. */
export function noSmallDisk(): string | null {
  const probe = smallDisk(1);
  probe?.remove();
  return probe === null ? 'needs root, who may mount a tmpfs' : null;
}

/** null = this system or this user may not mount one. */
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
    leave(bytes) {
      fill(filler);
      truncateSync(filler, Math.max(0, statSync(filler).size - bytes));
    },
    empty: () => rmSync(filler, { force: true }),
    remove() {
      // Lazily: a process that was killed a moment ago may still hold a file.
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
