/**
 * A whole web service for tests: real SQLite and files in a private folder, the test till, the
 * texts and the studio of the repository, and a clock that stands still until it is moved. Pages
 * are asked for through `fetch`, as a browser would.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseManifest } from '../../../src/domain/release.ts';
import type { StudioSettings } from '../../../src/domain/studio.ts';
import { loadTexts } from '../../../src/lib/texts.real.ts';
import type { LogFields } from '../../../src/lib/log.ts';
import type { World } from '../../../src/lib/world.ts';
import { realWorld } from '../../../src/lib/world.real.ts';
import type { Command } from '../../../src/ports/control/control.ts';
import { openDirectoryFiles } from '../../../src/ports/files/files.directory.ts';
import type { Files } from '../../../src/ports/files/files.ts';
import { SqlJobs } from '../../../src/ports/jobs/jobs.sql.ts';
import { directoryOutbox } from '../../../src/ports/mail/mail.outbox.ts';
import type { MainDb } from '../../../src/ports/main-db/main-db.ts';
import { openSqlite } from '../../../src/ports/main-db/main-db.sqlite.ts';
import { bootHost } from '../../../src/ports/main-db/queries/hosts.ts';
import { publishRelease } from '../../../src/ports/main-db/queries/releases.ts';
import {
  createTestProvider,
  TEST_SIGNATURE_HEADER,
  type TestProviderOptions,
} from '../../../src/ports/payments/payments.test-provider.ts';
import { loadStudio } from '../../../src/ports/studio/studio.real.ts';
import { buildPlatformAssets } from '../../../src/services/web/assets.ts';
import type { PlatformAssets, WebDeps } from '../../../src/services/web/deps.ts';
import { createWeb, type Web } from '../../../src/services/web/web.ts';
import { localPlacement } from '../../../src/ports/placement/placement.local.ts';

const ROOT = join(import.meta.dir, '../../..');
export const TEST_URL = 'http://shop.test';
/** 1 June 2026, noon. */
const START_MS = Date.UTC(2026, 5, 1, 12);

export interface WebFixture {
  readonly web: Web;
  readonly deps: WebDeps;
  readonly db: MainDb;
  /** Where kept mails lie. */
  readonly outboxDir: string;
  readonly clock: TestWorld;
  /** What the owners of rooms were told. */
  readonly told: readonly { readonly slot: string; readonly command: Command }[];
  /** Webhooks that the till sent, with their signatures, to be sent again. */
  readonly webhooks: readonly SentWebhook[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** As a form of our own page, from one visitor. */
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  sendWebhook(webhook: SentWebhook): Promise<Response>;
  /** Lines of the log, as JSON. */
  readonly logged: readonly string[];
  /** Rows by table, for "this changes nothing". */
  counts(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export interface SentWebhook {
  readonly body: string;
  readonly signature: string;
}

/** Time that a test moves; what is due runs when its moment is passed. */
export class TestWorld implements World {
  #now = START_MS;
  #due: { readonly at: number; readonly run: () => void }[] = [];
  readonly random = realWorld.random;
  readonly clock = { now: () => this.#now, mono: () => this.#now };
  readonly timers = {
    after: (ms: number, run: () => void) => {
      const timer = { at: this.#now + ms, run };
      this.#due.push(timer);
      return () => {
        this.#due = this.#due.filter((one) => one !== timer);
      };
    },
  };

  pass(ms: number): void {
    this.#now += ms;
    const due = this.#due.filter(({ at }) => at <= this.#now);
    this.#due = this.#due.filter(({ at }) => at > this.#now);
    for (const { run } of due) run();
  }
}

export interface FixtureOptions {
  readonly studio?: Partial<StudioSettings>;
  readonly releases?: readonly ReleaseManifest[];
  /** Changes to the till, such as one whose webhooks get lost. */
  readonly deliver?: TestProviderOptions['deliver'];
  readonly freeRoomsPerHour?: number;
  readonly spaceForFreeRooms?: WebDeps['spaceForFreeRooms'];
  readonly health?: WebDeps['health'];
  readonly url?: string;
  readonly placement?: WebDeps['placement'];
}

/** Serves the rooms, as far as the directory knows. */
const HOST = {
  slot: 'h1',
  boot_id: 'boot',
  version: 'test',
  region: 'local',
  state: 'ready' as const,
  load: 0,
  lease_until: Number.MAX_SAFE_INTEGER,
};

let builtAssets: Promise<PlatformAssets> | null = null;

/** What the outside was told while a test ran. */
interface Heard {
  readonly told: { slot: string; command: Command }[];
  readonly logged: string[];
  readonly webhooks: SentWebhook[];
}

export async function openWeb(options: FixtureOptions = {}): Promise<WebFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'escapement-web-'));
  const world = new TestWorld();
  const db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost: (error) => console.error(error) });
  await db.write((tx) => bootHost(tx, HOST, null));
  const files = await openDirectoryFiles({
    root: join(folder, 'files'),
    clock: world.clock,
    random: world.random,
  });
  const releases = options.releases ?? [sampleRelease()];
  for (const release of releases) await publishSample(db, files, release, world.clock.now());
  const heard: Heard = { told: [], logged: [], webhooks: [] };
  const url = options.url ?? TEST_URL;
  const ask = (path: string, init: RequestInit, address: string) =>
    web.fetch(new Request(url + path, init), address);
  const sendWebhook = ({ body, signature }: SentWebhook) => {
    const headers = { 'Content-Type': 'application/json', [TEST_SIGNATURE_HEADER]: signature };
    return ask('/webhooks/till', { method: 'POST', body, headers }, '198.51.100.7');
  };
  const till = createTestProvider({
    files,
    world,
    key: KEYS.testProvider,
    url,
    deliver: async (body, headers) => {
      const webhook = { body, signature: headers[TEST_SIGNATURE_HEADER] ?? '' };
      heard.webhooks.push(webhook);
      return options.deliver ? options.deliver(body, headers) : (await sendWebhook(webhook)).ok;
    },
  });
  const deps: WebDeps = {
    ...baseDeps(options, heard),
    world,
    db,
    jobs: new SqlJobs(db, world),
    files,
    payments: till.payments,
    url,
    outbox: directoryOutbox(join(folder, 'outbox')),
    assets: await (builtAssets ??= buildPlatformAssets()),
    testCheckout: till.desk,
  };
  const web = createWeb(deps);
  return {
    web,
    deps,
    db,
    outboxDir: join(folder, 'outbox'),
    clock: world,
    ...heard,
    get: (path, headers = {}) => ask(path, { headers }, '192.0.2.1'),
    post: (path, form, headers = {}) => ask(path, formRequest(url, form, headers), '192.0.2.1'),
    sendWebhook,
    counts: () => countRows(db),
    async stop() {
      await web.stop();
      await till.desk.stop();
      await db.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const KEYS = {
  pass: { current: 'a', keys: { a: new Uint8Array(32).fill(1) } },
  seal: new Uint8Array(32).fill(2),
  admin: 'admin-key-for-tests',
  testProvider: new Uint8Array(32).fill(3),
  control: new Uint8Array(32).fill(4),
};

/** What needs no folder: texts, studio, keys, and ears where the outside would be. */
function baseDeps(options: FixtureOptions, { told, logged }: Heard) {
  const loaded = loadStudio(ROOT, ['en', 'de']);
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const write = (what: string, fields?: LogFields) => void logged.push(JSON.stringify({ what, ...fields }));
  return {
    control: {
      tell: async (slot: string, command: Command) => {
        told.push({ slot, command });
        return 'told' as const;
      },
      watch: async () => null,
    },
    texts: loadTexts(join(ROOT, 'locales')),
    studio: { ...loaded.studio, ...options.studio },
    keys: KEYS,
    log: { info: write, error: write },
    placement: options.placement ?? localPlacement('h1', 'boot'),
    freeRoomsPerHour: options.freeRoomsPerHour ?? 10,
    spaceForFreeRooms: options.spaceForFreeRooms ?? (async () => true),
    ready: options.health ?? (() => ({ web: null })),
    health: options.health ?? (() => ({ web: null })),
  };
}

/** As a form of our own page. */
function formRequest(
  url: string,
  form: Record<string, string>,
  headers: Record<string, string>,
): RequestInit {
  return {
    method: 'POST',
    body: new URLSearchParams(form).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: url, ...headers },
  };
}

const TABLES = ['orders', 'order_lines', 'payment_events', 'entitlements', 'rooms', 'seats', 'jobs'] as const;

async function countRows(db: MainDb): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of TABLES) {
    const row = await db.read
      .selectFrom(table)
      .select((of) => of.fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    counts[table] = Number(row.count);
  }
  return counts;
}

export function sampleRelease(change: Partial<ReleaseManifest> = {}): ReleaseManifest {
  const texts = {
    title: 'The Sample Hour',
    tagline: 'Five minutes in a room that does not exist.',
    description: 'The clock has stopped.\n\nFind out why, before tea is served.',
    accessibility: 'Captions for every sound. Nothing depends on colour alone.',
  };
  return {
    game: 'sample-hour',
    api: 1,
    texts: { en: texts, de: { ...texts, title: 'Die Probestunde', tagline: 'Fünf Minuten im Nirgendwo.' } },
    players: { min: 1, max: 4 },
    minutes: 5,
    prices: { EUR: 490 },
    free: true,
    client: 'releases/sample-hour/client.js',
    rules: 'releases/sample-hour/rules.js',
    styles: null,
    assets: { 'cover.svg': 'releases/sample-hour/cover.svg' },
    locales: {},
    cover: 'cover.svg',
    ...change,
  };
}

const COVER = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400"><rect width="640" height="400" fill="#1d4a4f"/><circle cx="320" cy="210" r="120" fill="#f3d9a0"/><path d="M320 130v80l55 40" stroke="#1d4a4f" stroke-width="14" fill="none" stroke-linecap="round"/></svg>`;

async function publishSample(
  db: MainDb,
  files: Files,
  manifest: ReleaseManifest,
  now: number,
): Promise<void> {
  for (const path of Object.values(manifest.assets)) {
    await files.put(path, new TextEncoder().encode(COVER), 'image/svg+xml');
  }
  await db.write((tx) =>
    publishRelease(tx, {
      id: `release-of-${manifest.game}`,
      game: manifest.game,
      rules_hash: 'rules-1',
      api: 1,
      manifest: JSON.stringify(manifest),
      published_at: now,
    }),
  );
}
