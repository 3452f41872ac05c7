/**
 * Files in a directory, each under its own path, so that an operator sees what is there. A content
 * type other than the usual one for the ending stands in a small file beside (`<name>~type`): no
 * stored path has a `~`.
 */
import { type FileHandle, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import type { Clock, Random } from '../../lib/world.ts';
import type { Files, StoredFile } from './files.ts';

export interface DirectoryOptions {
  /** Made if missing. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
}

const PATH_LENGTH_MAX = 512;
const TEMPORARY = '~new';
/** What a crash left behind; younger ones may be another process's work under way. */
const TEMPORARY_MS_MAX = 24 * 3_600_000;

const USUAL_TYPES: { readonly [ending: string]: string } = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.wav': 'audio/wav',
  '.webm': 'video/webm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** Makes the directory and removes what earlier crashes left in it. */
export async function openDirectoryFiles(options: DirectoryOptions): Promise<Files> {
  const { clock, random } = options;
  const root = resolve(options.root);
  const temporary = join(root, TEMPORARY);
  await mkdir(temporary, { recursive: true });
  await removeOld(temporary, clock.now() - TEMPORARY_MS_MAX);

  const place = async (target: string, bytes: Uint8Array): Promise<void> => {
    const made = join(temporary, Buffer.from(random.bytes(12)).toString('hex'));
    try {
      await writeSynced(made, bytes);
      const firstMade = await mkdir(dirname(target), { recursive: true });
      await rename(made, target);
      await syncUpwards(dirname(target), firstMade === undefined ? dirname(target) : root);
    } catch (error) {
      await rm(made, { force: true });
      throw error;
    }
  };

  return {
    async put(path, bytes, contentType) {
      const target = join(root, safePath(path));
      const stored = (await isFile(target)) ? await typeOf(target) : null;
      if (stored !== null && stored !== contentType) {
        throw new Error(`${path} is stored as ${stored}, not ${contentType}`);
      }
      // First the type, then what it belongs to: a crash in between leaves the path as it was.
      if (contentType !== usualType(path)) await place(`${target}~type`, Buffer.from(contentType));
      else await rm(`${target}~type`, { force: true });
      await place(target, bytes);
    },

    async get(path): Promise<StoredFile | null> {
      const target = join(root, safePath(path));
      const bytes = await readOrNull(target);
      return bytes === null ? null : { bytes, contentType: await typeOf(target) };
    },

    async has(path) {
      return isFile(join(root, safePath(path)));
    },

    async list(prefix) {
      if (prefix !== '') safePath(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      const found = await unlessMissing(
        readdir(join(root, folder), { recursive: true, withFileTypes: true }),
      );
      return (found ?? [])
        .filter((entry) => entry.isFile() && !entry.name.includes('~'))
        .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length))
        .filter((path) => path.startsWith(prefix) && !path.startsWith(TEMPORARY))
        .sort();
    },
  };
}

function safePath(path: string): string {
  const sound =
    path.length <= PATH_LENGTH_MAX &&
    /^[a-z0-9._-]+(\/[a-z0-9._-]+)*$/.test(path) &&
    !path.split('/').some((part) => part === '.' || part === '..');
  if (!sound) throw new Error(`not a path of the file store: ${JSON.stringify(path)}`);
  return path;
}

function usualType(path: string): string {
  return USUAL_TYPES[extname(path)] ?? 'application/octet-stream';
}

async function typeOf(target: string): Promise<string> {
  const beside = await readOrNull(`${target}~type`);
  return beside === null ? usualType(target) : Buffer.from(beside).toString();
}

async function isFile(target: string): Promise<boolean> {
  return (await unlessMissing(stat(target)))?.isFile() ?? false;
}

async function readOrNull(target: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const read = await unlessMissing(readFile(target));
  return read && new Uint8Array(read.buffer, read.byteOffset, read.length);
}

/** null when there is no such file (a folder is none); every other failure is thrown. */
async function unlessMissing<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) return null;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}

async function writeSynced(target: string, bytes: Uint8Array): Promise<void> {
  const file = await open(target, 'wx', 0o644);
  await closing(file, async () => {
    await file.writeFile(bytes);
    await file.sync();
  });
}

/** A name is durable when its folder is synced, and a new folder when the one above it is. */
async function syncUpwards(from: string, upTo: string): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    const handle = await open(folder, 'r');
    await closing(handle, () => handle.sync());
    if (folder === upTo || folder === dirname(folder)) return;
  }
}

async function closing(file: FileHandle, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } finally {
    await file.close();
  }
}

async function removeOld(folder: string, before: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { mtimeMs } = (await unlessMissing(stat(path))) ?? { mtimeMs: before };
    if (mtimeMs < before) await rm(path, { force: true });
  }
}
