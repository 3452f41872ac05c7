/**
 * A complete web service for tests: real SQLite and files in a private folder, the test provider, the texts and the
 * studio of the repository, and a clock that only the test moves. Requests go to its `fetch` function directly.
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
  /** The folder of the outbox. */
  readonly outboxDir: string;
  readonly world: TestWorld;
  /** Commands sent to the owners of rooms. */
  readonly commands: readonly { readonly slot: string; readonly command: Command }[];
  /** Webhooks that the test provider sent, with their signatures, so that a test can send them again. */
  readonly webhooks: readonly SentWebhook[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Sends a form as our own pages do, always from the same address. */
  postForm(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  sendWebhook(webhook: SentWebhook): Promise<Response>;
  /** Lines of the log, as JSON. */
  readonly logged: readonly string[];
  /** Rows per table, for tests that something changes nothing. */
  counts(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export interface SentWebhook {
  readonly body: string;
  readonly signature: string;
}

/** A clock that the test advances; timers run when the clock passes them. */
export class TestWorld implements World {
  private nowMs = START_MS;
  private due: { readonly at: number; readonly run: () => void }[] = [];
  readonly random = realWorld.random;
  readonly clock = { now: () => this.nowMs, mono: () => this.nowMs };
  readonly timers = {
    after: (ms: number, run: () => void) => {
      const timer = { at: this.nowMs + ms, run };
      this.due.push(timer);
      return () => {
        this.due = this.due.filter((one) => one !== timer);
      };
    },
  };

  advance(ms: number): void {
    this.nowMs += ms;
    const due = this.due.filter(({ at }) => at <= this.nowMs);
    this.due = this.due.filter(({ at }) => at > this.nowMs);
    for (const { run } of due) run();
  }
}

export interface FixtureOptions {
  readonly studio?: Partial<StudioSettings>;
  readonly releases?: readonly ReleaseManifest[];
  /** Replaces the delivery of webhooks, for example by one that loses them. */
  readonly deliver?: TestProviderOptions['deliver'];
  readonly freeRoomsPerHour?: number;
  readonly spaceForFreeRooms?: WebDeps['spaceForFreeRooms'];
  readonly health?: WebDeps['health'];
  readonly url?: string;
  readonly placement?: WebDeps['placement'];
}

/** The host that serves the rooms, as the database has it. */
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

/** What the service sent while a test ran. */
interface Recorded {
  readonly commands: { slot: string; command: Command }[];
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
  const recorded: Recorded = { commands: [], logged: [], webhooks: [] };
  const url = options.url ?? TEST_URL;
  const request = (path: string, init: RequestInit, address: string) =>
    web.fetch(new Request(url + path, init), address);
  const sendWebhook = ({ body, signature }: SentWebhook) => {
    const headers = { 'Content-Type': 'application/json', [TEST_SIGNATURE_HEADER]: signature };
    return request('/webhooks/till', { method: 'POST', body, headers }, '198.51.100.7');
  };
  const testProvider = createTestProvider({
    files,
    world,
    key: KEYS.testProvider,
    url,
    deliver: async (body, headers) => {
      const webhook = { body, signature: headers[TEST_SIGNATURE_HEADER] ?? '' };
      recorded.webhooks.push(webhook);
      return options.deliver ? options.deliver(body, headers) : (await sendWebhook(webhook)).ok;
    },
  });
  const deps: WebDeps = {
    ...baseDeps(options, recorded),
    world,
    db,
    jobs: new SqlJobs(db, world),
    files,
    payments: testProvider.payments,
    url,
    outbox: directoryOutbox(join(folder, 'outbox')),
    assets: await (builtAssets ??= buildPlatformAssets()),
    testCheckout: testProvider.checkout,
  };
  const web = createWeb(deps);
  return {
    web,
    deps,
    db,
    outboxDir: join(folder, 'outbox'),
    world,
    ...recorded,
    get: (path, headers = {}) => request(path, { headers }, '192.0.2.1'),
    postForm: (path, form, headers = {}) => request(path, formRequest(url, form, headers), '192.0.2.1'),
    sendWebhook,
    counts: () => countRows(db),
    async stop() {
      await web.stop();
      await testProvider.checkout.stop();
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

/** The dependencies that need no folder: texts, studio, keys, and stand-ins that record what they get. */
function baseDeps(options: FixtureOptions, { commands, logged }: Recorded) {
  const loaded = loadStudio(ROOT, ['en', 'de']);
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const write = (what: string, fields?: LogFields) => void logged.push(JSON.stringify({ what, ...fields }));
  return {
    control: {
      send: async (slot: string, command: Command) => {
        commands.push({ slot, command });
        return 'delivered' as const;
      },
      roomStatus: async () => null,
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
      manifest,
      published_at: now,
    }),
  );
}
