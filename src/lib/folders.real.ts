/** Folders on this machine: which there are, and how one is removed so that no half of it stays in its place. */
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const REMOVED = '.removed-';

/** Names of the folders in a folder, sorted; none if it is not there. */
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

/** Gone under its name at once and durably; what it held is deleted after that. */
export async function removeFolder(path: string): Promise<void> {
  const aside = join(dirname(path), `${REMOVED}${basename(path)}`);
  await rm(aside, { recursive: true, force: true });
  await rename(path, aside);
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
  await rm(aside, { recursive: true });
}

/** Deletes what an interrupted `removeFolder` left in `parent`. */
export async function finishRemovals(parent: string): Promise<void> {
  await mkdir(parent, { recursive: true });
  for (const name of await foldersIn(parent)) {
    if (name.startsWith(REMOVED)) await rm(join(parent, name), { recursive: true });
  }
}
