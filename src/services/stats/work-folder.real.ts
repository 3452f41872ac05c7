/** A private folder for one piece of work: what a child process is given and what it leaves. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WorkFolder {
  path(name: string): string;
  /** Answers where it was written. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** The folder is removed when `use` is over, however it ends. */
export async function inWorkFolder<T>(use: (folder: WorkFolder) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'escapement-stats-'));
  const path = (name: string): string => join(root, name);
  try {
    return await use({
      path,
      async write(name, content) {
        await writeFile(path(name), content);
        return path(name);
      },
      read: async (name) => new Uint8Array(await readFile(path(name))),
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
