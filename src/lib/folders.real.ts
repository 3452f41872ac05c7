/** Folders on this machine: list, check, and remove them so that a removed folder never reappears in part. */
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const REMOVED = '.removed-';

/**
 * Creates the folder (mode 0700) if it is missing, writes a file of `bytes` bytes in it and removes the file. Throws
 * the system's error (`ENOSPC`, `EACCES`, `EROFS` …).
 */
export function ensureWritableFolder(path: string, bytes: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const probe = join(path, '.probe');
  try {
    const file = openSync(probe, 'w', 0o600);
    try {
      writeAll(file, new Uint8Array(bytes));
      // Some file systems report missing space only now.
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } finally {
    rmSync(probe, { force: true });
  }
}

/** When a disk becomes full, a write may write a part only; the next one throws. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** Names of the folders in a folder, sorted; empty if it does not exist. */
export async function foldersIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Renames the folder durably first, so that its name is free at once, then deletes its content. */
export async function removeFolder(path: string): Promise<void> {
  const aside = join(dirname(path), `${REMOVED}${basename(path)}`);
  await rm(aside, { recursive: true, force: true });
  await rename(path, aside);
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
  await rm(aside, { recursive: true });
}

/** Deletes what an interrupted `removeFolder` left in `parent`. Creates `parent` if it is missing. */
export async function finishRemovals(parent: string): Promise<void> {
  await mkdir(parent, { recursive: true });
  for (const name of await foldersIn(parent)) {
    if (name.startsWith(REMOVED)) await rm(join(parent, name), { recursive: true });
  }
}
