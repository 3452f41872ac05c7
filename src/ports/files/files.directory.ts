/**
 * Files in a directory, each under its own path, so that operators can inspect them. A content type other than
 * the default for the extension is stored in a file beside it (`<name>~type`); no stored path contains a `~`.
 */
import { type FileHandle, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import type { Clock, Random } from '../../lib/world.ts';
import type { Files, StoredFile } from './files.ts';

export interface DirectoryOptions {
  /** Created if missing. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
}

const PATH_LENGTH_MAX = 512;
const TEMPORARY = '~new';
/** Temporary files older than this were left by a crash; younger ones may belong to a running process. */
const TEMPORARY_MS_MAX = 24 * 3_600_000;

const DEFAULT_TYPES: { readonly [extension: string]: string } = {
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

/** Creates the directory and removes temporary files that earlier crashes left in it. */
export async function openDirectoryFiles(options: DirectoryOptions): Promise<Files> {
  const { clock, random } = options;
  const root = resolve(options.root);
  const temporary = join(root, TEMPORARY);
  await mkdir(temporary, { recursive: true });
  await removeOld(temporary, clock.now() - TEMPORARY_MS_MAX);

  const writeAtomically = async (target: string, bytes: Uint8Array): Promise<void> => {
    const part = join(temporary, Buffer.from(random.bytes(12)).toString('hex'));
    try {
      await writeSynced(part, bytes);
      const firstCreated = await mkdir(dirname(target), { recursive: true });
      await rename(part, target);
      await syncUpwards(dirname(target), firstCreated === undefined ? dirname(target) : root);
    } catch (error) {
      await rm(part, { force: true });
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
      // The type is written first: after a crash in between the file is as it was before.
      if (contentType !== defaultType(path))
        await writeAtomically(`${target}~type`, Buffer.from(contentType));
      else await rm(`${target}~type`, { force: true });
      await writeAtomically(target, bytes);
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
  const valid =
    path.length <= PATH_LENGTH_MAX &&
    /^[a-z0-9._-]+(\/[a-z0-9._-]+)*$/.test(path) &&
    !path.split('/').some((part) => part === '.' || part === '..');
  if (!valid) throw new Error(`not a path of the file store: ${JSON.stringify(path)}`);
  return path;
}

function defaultType(path: string): string {
  return DEFAULT_TYPES[extname(path)] ?? 'application/octet-stream';
}

async function typeOf(target: string): Promise<string> {
  const stored = await readOrNull(`${target}~type`);
  return stored === null ? defaultType(target) : Buffer.from(stored).toString();
}

async function isFile(target: string): Promise<boolean> {
  return (await unlessMissing(stat(target)))?.isFile() ?? false;
}

async function readOrNull(target: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const read = await unlessMissing(readFile(target));
  return read && new Uint8Array(read.buffer, read.byteOffset, read.length);
}

/** Resolves to null when there is no such file or it is a folder; rejects with every other error. */
async function unlessMissing<T>(operation: Promise<T>): Promise<T | null> {
  try {
    return await operation;
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

/** A file's name is durable once its folder is synced, and a new folder's name once its parent is. */
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
