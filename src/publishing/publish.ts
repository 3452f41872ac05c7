/**
 * Publishes a game: reads and builds its folder, stores every file under a name that contains the hash of its
 * content, then makes the release the current one. Nothing refers to the new files before that last step, so a
 * failure on the way leaves the shop unchanged. Publishing the same content again changes nothing.
 */
import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { basename, join } from 'node:path';
import type { ReleaseManifest } from '../domain/release.ts';
import type { World } from '../lib/world.ts';
import type { Files } from '../ports/files/files.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { publishRelease, releaseById } from '../ports/main-db/queries/releases.ts';
import type { Sandbox } from '../ports/sandbox/sandbox.ts';
import { bundleGame, type GameBundle } from './game-bundle.ts';
import { type GameFolder, readGameFolder } from './game-folder.ts';
import type { GameFault } from './game-yaml.ts';
import { checkRules } from './rules-check.ts';

export interface PublishDeps {
  readonly files: Files;
  readonly db: MainDb;
  readonly world: World;
  /** Where the rules of games run while they are checked. */
  readonly sandbox: Sandbox;
}

export type PublishOutcome =
  | {
      readonly ok: true;
      readonly game: string;
      readonly release: string;
      readonly rulesHash: string;
      /** False if this content already was the current release. */
      readonly changed: boolean;
    }
  | { readonly ok: false; readonly game: string; readonly faults: readonly GameFault[] };

/** Publishes every folder in `gamesFolder`, one after another. A faulty game does not stop the others. */
export async function publishAll(gamesFolder: string, deps: PublishDeps): Promise<PublishOutcome[]> {
  const found = await Array.fromAsync(new Bun.Glob('*/game.yaml').scan({ cwd: gamesFolder }));
  return Array.fromAsync(found.toSorted(), (path) => publish(join(gamesFolder, path, '..'), deps));
}

export async function publish(gameFolder: string, deps: PublishDeps): Promise<PublishOutcome> {
  const game = basename(gameFolder);
  const read = await readGameFolder(gameFolder);
  const built = await bundleGame(gameFolder);
  if (!read.ok || !built.ok) {
    const faults = [...(read.ok ? [] : read.faults), ...(built.ok ? [] : built.faults)];
    return { ok: false, game, faults };
  }
  const release = assemble(read.folder, built.bundle);
  const known = await releaseById(deps.db.read, release.id);
  if (known?.is_current) return published(release, false);
  const faults = known ? [] : await faultsOfRules(read.folder, built.bundle, deps.sandbox);
  if (faults.length > 0) return { ok: false, game, faults };
  await Promise.all(release.files.map((file) => store(deps.files, file)));
  const row = {
    id: release.id,
    game,
    rules_hash: release.rulesHash,
    api: release.manifest.api,
    manifest: release.manifest,
    published_at: deps.world.clock.now(),
  };
  await deps.db.write((tx) => publishRelease(tx, row));
  return published(release, true);
}

/** Returns a fault as a line for the log: `games/demo/rules.ts:12: …`. */
export function faultLine(gameFolder: string, { file, line, message }: GameFault): string {
  return `${join(gameFolder, file)}${line === null ? '' : `:${line}`}: ${message}`;
}

interface ReleaseFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

interface Release {
  readonly id: string;
  readonly rulesHash: string;
  readonly manifest: ReleaseManifest;
  readonly files: readonly ReleaseFile[];
}

/** Every file name contains the hash of the content, so the hash of the manifest covers all files. */
function assemble({ slug, game, assets, locales }: GameFolder, bundle: GameBundle): Release {
  const base = `releases/${slug}`;
  const files: ReleaseFile[] = [];
  const add = (name: string, bytes: Uint8Array<ArrayBuffer>, contentType: string): string => {
    const path = `${base}/${hashedName(name, bytes)}`;
    files.push({ path, bytes, contentType });
    return path;
  };
  const manifest: ReleaseManifest = {
    game: slug,
    api: game.api,
    texts: game.texts,
    players: game.players,
    minutes: game.minutes,
    prices: game.prices,
    free: game.free,
    client: add('client.js', bundle.client, 'text/javascript'),
    rules: add('rules.js', bundle.rules, 'text/javascript'),
    styles: bundle.styles && add('styles.css', bundle.styles, 'text/css'),
    assets: Object.fromEntries(
      assets.map(({ path, bytes, contentType }) => [path, add(`assets/${path}`, bytes, contentType)]),
    ),
    locales: Object.fromEntries(
      Object.entries(locales).map(([language, texts]) => [
        language,
        add(`locales/${language.toLowerCase()}.json`, encode(JSON.stringify(texts)), 'application/json'),
      ]),
    ),
    cover: game.cover,
    ...(game.limits && { limits: game.limits }),
  };
  // The bundler puts a hash into these names, and the hash of the styles covers the names.
  for (const { name, bytes, contentType } of bundle.styleFiles) {
    files.push({ path: `${base}/${name}`, bytes, contentType });
  }
  const rulesHash = sha256(bundle.rules);
  return { id: sha256(encode(JSON.stringify([rulesHash, manifest]))), rulesHash, manifest, files };
}

async function faultsOfRules(
  { game, locales }: GameFolder,
  { rules }: GameBundle,
  sandbox: Sandbox,
): Promise<GameFault[]> {
  const outcome = await checkRules(rules, sandbox);
  if (!outcome.ok) return [{ file: 'rules.ts', line: null, message: outcome.message }];
  const [language = ''] = game.languages;
  return outcome.puzzles
    .filter((id) => !locales[language]?.[`puzzle.${id}`])
    .map((id) => ({
      file: `locales/${language}.json`,
      line: null,
      message: `puzzle.${id} is missing: the name of a puzzle of rules.ts`,
    }));
}

/** Text is also stored compressed (`.br`, `.gz`), so that serving it needs no CPU time. */
async function store(files: Files, { path, bytes, contentType }: ReleaseFile): Promise<void> {
  if (await files.has(path)) return;
  if (/^text\/|json|svg/.test(contentType)) {
    const quality = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
    await files.put(`${path}.br`, new Uint8Array(brotliCompressSync(bytes, quality)), contentType);
    await files.put(`${path}.gz`, new Uint8Array(gzipSync(bytes, { level: 9 })), contentType);
  }
  // The file itself last: `has` is true only if its compressed forms are complete.
  await files.put(path, bytes, contentType);
}

/** Returns `sounds/click-0f3a….ogg` for `sounds/click.ogg`. */
function hashedName(name: string, bytes: Uint8Array): string {
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}-${sha256(bytes).slice(0, 16)}${name.slice(dot)}`;
}

function published({ id, rulesHash, manifest }: Release, changed: boolean): PublishOutcome {
  return { ok: true, game: manifest.game, release: id, rulesHash, changed };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
