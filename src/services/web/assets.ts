/**
 * Builds the scripts, styles and fonts of our own pages, once at start. Every top-level file of `browser/` becomes a
 * page's script, every `.css` file of `styles/` a style sheet; other files of `styles/` are served as they are.
 * Names contain a hash of the content, so browsers may cache them permanently.
 */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { PlatformAssets, PlatformFile } from './deps.ts';

/** The path under which the files are served. */
export const ASSETS_PATH = '/assets/';

/** Listed here, not in a style sheet: there the bundler would inline them, which delays the first paint. */
const FONTS = ['@fontsource-variable/besley/files/besley-latin-wght-normal.woff2'];

const TYPES: { readonly [extension: string]: string } = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2',
  svg: 'image/svg+xml',
  png: 'image/png',
};

interface Built {
  /** Logical name: `play.js`. */
  readonly name: string;
  /** With the content's hash; the name that style sheets use. */
  readonly hashed: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Throws an error that names the source if one does not build. */
export async function buildPlatformAssets(folder: string = import.meta.dir): Promise<PlatformAssets> {
  const [scripts, styles] = await Promise.all([
    buildScripts(await entriesIn(join(folder, 'browser'), '*.{ts,tsx}')),
    buildStyles(await entriesIn(join(folder, 'styles'), '*.css')),
  ]);
  const fonts = FONTS.map((font) => Bun.resolveSync(font, import.meta.dir));
  const others = await Promise.all(
    [...fonts, ...(await entriesIn(join(folder, 'styles'), '*.{woff2,svg,png}'))]
      .filter((path) => !styles.some(({ name }) => name === basename(path)))
      .map(async (path) => hashed(basename(path), await Bun.file(path).bytes())),
  );
  const built = [...scripts, ...styles, ...others];
  const files = new Map<string, PlatformFile>();
  const names = new Map<string, string>();
  for (const file of built) {
    if (names.has(file.name)) throw new Error(`two assets are called ${file.name}`);
    names.set(file.name, file.hashed);
  }
  await Promise.all(built.map(async (file) => files.set(file.hashed, await compressed(file))));
  return {
    url(name) {
      const found = names.get(name);
      if (found === undefined) throw new Error(`no asset is called ${name}`);
      return ASSETS_PATH + found;
    },
    file: (hashedName) => files.get(hashedName) ?? null,
  };
}

async function buildScripts(entrypoints: readonly string[]): Promise<Built[]> {
  if (entrypoints.length === 0) return [];
  const { outputs } = await Bun.build({
    entrypoints: [...entrypoints],
    target: 'browser',
    format: 'esm',
    minify: true,
    env: 'disable',
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: { runtime: 'automatic', importSource: 'preact', development: false },
    naming: '[name].[ext]',
  });
  return Promise.all(outputs.map(async (output) => hashed(basename(output.path), await bytesOf(output))));
}

/** One build per sheet. A file that two sheets use is emitted by both builds under the same name, and kept once. */
async function buildStyles(entrypoints: readonly string[]): Promise<Built[]> {
  const sheets = await Promise.all(entrypoints.map(buildStyle));
  return [...new Map(sheets.flat().map((file) => [file.hashed, file])).values()];
}

async function buildStyle(path: string): Promise<Built[]> {
  const { outputs } = await Bun.build({
    entrypoints: [path],
    target: 'browser',
    minify: true,
    loader: { '.woff2': 'file', '.svg': 'file', '.png': 'file' },
    naming: { entry: '[name].[ext]', asset: '[name]-[hash].[ext]' },
  });
  return Promise.all(
    outputs.map(async (output) => {
      const file = basename(output.path);
      const bytes = await bytesOf(output);
      if (file.endsWith('.css')) return hashed(file, bytes);
      return { name: file.replace(/-[a-z0-9]+(\.[a-z0-9]+)$/, '$1'), hashed: file, bytes };
    }),
  );
}

async function entriesIn(folder: string, pattern: string): Promise<string[]> {
  const found = await Array.fromAsync(new Bun.Glob(pattern).scan({ cwd: folder, onlyFiles: true }));
  return found
    .filter((path) => !/\.test\.tsx?$/.test(path))
    .toSorted()
    .map((path) => join(folder, path));
}

async function bytesOf(output: Bun.BuildArtifact): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await output.arrayBuffer());
}

function hashed(name: string, bytes: Uint8Array<ArrayBuffer>): Built {
  const dot = name.lastIndexOf('.');
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  return { name, hashed: `${name.slice(0, dot)}-${hash}${name.slice(dot)}`, bytes };
}

async function compressed({ name, bytes }: Built): Promise<PlatformFile> {
  const extension = name.slice(name.lastIndexOf('.') + 1);
  const contentType = TYPES[extension];
  if (!contentType) throw new Error(`${name}: no content type is known`);
  const text = ['js', 'css', 'svg'].includes(extension);
  return {
    contentType,
    bytes,
    br: text
      ? new Uint8Array(await brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
      : null,
    gzip: text ? new Uint8Array(await gzipped(bytes, { level: 9 })) : null,
  };
}

// Asynchronous, so that several files are compressed at the same time, in zlib's thread pool.
const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);
