/**
 * Reads the folder of a game, without its code, and checks texts, languages and assets. Returns all faults at once, so
 * that an author can correct them together.
 */
import { basename, join } from 'node:path';
import { type GameFault, type GameYaml, readGameYaml } from './game-yaml.ts';

export const SLUG = /^[a-z][a-z0-9-]{1,39}$/;
const ASSET_PATH = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/;
/** Limit of one file of `assets/`, and of all files together. */
export const ASSET_BYTES_MAX = 8 * 1024 * 1024;
export const ASSETS_BYTES_MAX = 64 * 1024 * 1024;
const ASSETS_MAX = 1_000;

const ASSET_TYPES: { readonly [extension: string]: string } = {
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  avif: 'image/avif',
  ogg: 'audio/ogg',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  wav: 'audio/wav',
  woff2: 'font/woff2',
  json: 'application/json',
};

export interface Asset {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

export interface GameFolder {
  readonly slug: string;
  readonly game: GameYaml;
  /** Sorted by path. */
  readonly assets: readonly Asset[];
  /** By language: flat keys, ICU messages. */
  readonly locales: { readonly [language: string]: { readonly [key: string]: string } };
}

export type GameFolderOutcome =
  | { readonly ok: true; readonly folder: GameFolder }
  | { readonly ok: false; readonly faults: readonly GameFault[] };

export async function readGameFolder(folder: string): Promise<GameFolderOutcome> {
  const slug = basename(folder);
  const faults: GameFault[] = [];
  if (!SLUG.test(slug)) {
    faults.push(fault('.', 'the name of the folder must be lower-case letters, digits and dashes'));
  }
  const yaml = Bun.file(join(folder, 'game.yaml'));
  if (!(await yaml.exists())) return { ok: false, faults: [...faults, fault('game.yaml', 'is missing')] };
  const read = readGameYaml(await yaml.text());
  if (!read.ok) return { ok: false, faults: [...faults, ...read.faults] };

  const assets = await readAssets(folder, faults);
  if (!assets.some(({ path }) => path === read.game.cover)) {
    faults.push(fault('game.yaml', `cover: there is no assets/${read.game.cover}`));
  }
  const locales = await readLocales(folder, read.game.languages, faults);
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, folder: { slug, game: read.game, assets, locales } };
}

async function readAssets(folder: string, faults: GameFault[]): Promise<Asset[]> {
  const paths = await filesIn(join(folder, 'assets'));
  if (paths.length > ASSETS_MAX) faults.push(fault('assets', `more than ${ASSETS_MAX} files`));
  const accepted = paths.slice(0, ASSETS_MAX).flatMap((path) => {
    const source = Bun.file(join(folder, 'assets', path));
    const contentType = ASSET_TYPES[path.split('.').at(-1) ?? ''];
    const why = assetFault(path, source.size, contentType);
    if (why) faults.push(fault(`assets/${path}`, why));
    return why || !contentType ? [] : [{ path, source, contentType }];
  });
  const total = accepted.reduce((sum, { source }) => sum + source.size, 0);
  if (total > ASSETS_BYTES_MAX) {
    faults.push(fault('assets', `together larger than ${ASSETS_BYTES_MAX} bytes`));
    return [];
  }
  return Promise.all(
    accepted.map(async ({ path, source, contentType }) => ({
      path,
      contentType,
      bytes: await source.bytes(),
    })),
  );
}

function assetFault(path: string, size: number, contentType: string | undefined): string | null {
  if (!ASSET_PATH.test(path)) return 'name it with lower-case letters, digits, dots and dashes';
  if (!contentType) return `not a type of file that is served (${Object.keys(ASSET_TYPES).join(', ')})`;
  if (size === 0) return 'is empty';
  return size > ASSET_BYTES_MAX ? `larger than ${ASSET_BYTES_MAX} bytes` : null;
}

interface LocaleSource {
  readonly language: string;
  readonly file: string;
  readonly source: string;
  readonly texts: { readonly [key: string]: string };
}

/** Every language must have the keys of the first one and no others. */
async function readLocales(
  folder: string,
  languages: readonly string[],
  faults: GameFault[],
): Promise<GameFolder['locales']> {
  const read = await Promise.all(languages.map((language) => readLocale(folder, language)));
  const sources = read.filter((one): one is LocaleSource => 'texts' in one);
  faults.push(...read.filter((one): one is GameFault => 'message' in one));
  const [reference, ...others] = sources;
  if (reference) faults.push(...others.flatMap((other) => differences(other, reference)));
  return Object.fromEntries(sources.map(({ language, texts }) => [language, texts]));
}

async function readLocale(folder: string, language: string): Promise<LocaleSource | GameFault> {
  const file = `locales/${language}.json`;
  const stored = Bun.file(join(folder, file));
  if (!(await stored.exists())) return fault(file, 'is missing');
  const source = await stored.text();
  const texts = parseTexts(source);
  return typeof texts === 'string' ? fault(file, texts) : { language, file, source, texts };
}

function parseTexts(source: string): { [key: string]: string } | string {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    return error instanceof Error ? error.message : 'is not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'must be an object of texts';
  const texts: { [key: string]: string } = {};
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return `${key} is not a text: keys are flat`;
    texts[key] = text;
  }
  return texts;
}

function differences({ file, source, texts }: LocaleSource, reference: LocaleSource): GameFault[] {
  const lines = source.split('\n');
  return [
    ...Object.keys(reference.texts)
      .filter((key) => !(key in texts))
      .map((key) => fault(file, `${key} is missing; ${reference.file} has it`)),
    ...Object.keys(texts)
      .filter((key) => !(key in reference.texts))
      .map((key) => ({
        file,
        line: lines.findIndex((line) => line.includes(JSON.stringify(key))) + 1 || null,
        message: `${key} is not in ${reference.file}`,
      })),
  ];
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const paths = await Array.fromAsync(new Bun.Glob('**/*').scan({ cwd: folder, onlyFiles: true }));
    return paths.filter((path) => !basename(path).startsWith('.')).toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function fault(file: string, message: string): GameFault {
  return { file, line: null, message };
}
