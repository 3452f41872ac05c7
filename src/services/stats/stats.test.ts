/** Results of finished rooms, computed by real child processes. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_STUDIO } from '../../../test/support/games/studio.ts';
import { deflateRawSync } from 'node:zlib';
import { encodeRecord, RecordKind, recordLength } from '../../../sdk/protocol/record.ts';
import type { ReleaseManifest } from '../../domain/release.ts';
import type { RoomResult } from '../../domain/result.ts';
import { loadTexts } from '../../lib/texts.real.ts';
import type { WorkerLoop } from '../../lib/worker-loop.ts';
import { realWorld } from '../../lib/world.real.ts';
import type { Files } from '../../ports/files/files.ts';
import { openDirectoryFiles } from '../../ports/files/files.directory.ts';
import { SqlJobs } from '../../ports/jobs/jobs.sql.ts';
import { openSqlite, type SqliteDb } from '../../ports/main-db/main-db.sqlite.ts';
import { archiveChunks } from '../../ports/main-db/queries/archive.ts';
import { insertEntitlement } from '../../ports/main-db/queries/entitlements.ts';
import { publishRelease } from '../../ports/main-db/queries/releases.ts';
import { resultByRoom } from '../../ports/main-db/queries/results.ts';
import { createRoom } from '../../ports/main-db/queries/rooms.ts';
import { processSandbox } from '../../ports/sandbox/sandbox.process.ts';
import { cardPath } from './card.ts';
import { startStats } from './stats.ts';

/** Rules with two puzzles; a move with the id of a puzzle solves it, `hint` is counted. */
const RULES = `export default {
  init: () => ({ solved: [], hints: 0 }),
  parse: (value) => value,
  apply(state, move) {
    if (move === 'throw') throw new Error('no');
    if (move === 'loop') for (;;);
    if (move === 'hint') return { ...state, hints: state.hints + 1 };
    return { ...state, solved: [...state.solved, move] };
  },
  progress: (state) => ({
    puzzles: ['a', 'b'].map((id) => ({ id, state: state.solved.includes(id) ? 'solved' : 'open' })),
    done: state.solved.includes('a') && state.solved.includes('b'),
    hints: state.hints,
  }),
  hints: () => [],
};`;
const manifest: ReleaseManifest = {
  game: 'demo',
  api: 1,
  texts: { en: { title: 'The Tower', tagline: '', description: '', accessibility: '' } },
  players: { min: 1, max: 4 },
  minutes: 5,
  prices: {},
  free: true,
  client: 'releases/demo/client.js',
  rules: 'releases/demo/rules.js',
  styles: null,
  assets: {},
  locales: {},
  cover: '',
};

let folder: string;
let db: SqliteDb;
let jobs: SqlJobs;
let files: Files;
let stats: WorkerLoop;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escapement-stats-test-'));
  db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost: () => {} });
  jobs = new SqlJobs(db, realWorld);
  files = await openDirectoryFiles({
    root: join(folder, 'files'),
    clock: realWorld.clock,
    random: realWorld.random,
  });
  await files.put(manifest.rules, Buffer.from(RULES), 'text/javascript');
  await db.write((tx) =>
    publishRelease(tx, {
      id: 'r1',
      game: 'demo',
      rules_hash: 'rules',
      api: 1,
      manifest,
      published_at: 1,
    }),
  );
  const log = { info: () => {}, error: () => {} };
  const sandbox = processSandbox(realWorld.timers);
  stats = startStats({
    world: realWorld,
    db,
    jobs,
    files,
    sandbox,
    texts: loadTexts('locales'),
    studio: TEST_STUDIO,
    log,
  });
});
afterEach(async () => {
  await stats.stop();
  await db.close();
  await rm(folder, { recursive: true });
});

type Entry = readonly [kind: number, ms: number, seat: number, body: unknown];

/** Archives a room with these entries and enqueues its job. `claimedUpto` overrides `archived_upto`. */
async function finishedRoom(id: string, entries: readonly Entry[], claimedUpto?: number): Promise<void> {
  const open = { format: 1, room: id, game: 'demo', rulesHash: 'rules', seed: 1, locale: 'en', options: {} };
  const records = [[RecordKind.open, 0, 0, open] as Entry, ...entries].map(
    ([kind, ms, seat, value], index) => {
      const body = Buffer.from(JSON.stringify(value));
      const header = { kind, seq: index + 1, ms, seat, client: seat, clientSeq: index };
      const out = new Uint8Array(recordLength(header, body.length));
      encodeRecord(out, 0, header, body);
      return out;
    },
  );
  const raw = Buffer.concat(records);
  await db.write(async (tx) => {
    await insertEntitlement(tx, {
      id: `e-${id}`,
      order_id: null,
      game: 'demo',
      kind: 'free',
      secret_hash: id,
      secret_sealed: '',
      generation: 0,
      room: null,
      created_at: 1,
      first_played_at: null,
    });
    await createRoom(tx, {
      id,
      entitlement: `e-${id}`,
      game: 'demo',
      rules_hash: 'rules',
      seed: 1,
      locale: 'en',
      options: '{}',
      region: 'local',
      log: 'journal',
      created_at: 1,
      started_at: 1,
      end_token: id,
    });
    const deflated = deflateRawSync(raw);
    await archiveChunks(tx, {
      room: id,
      from: 0,
      chunks: [{ first_seq: 1, last_seq: records.length, raw_bytes: raw.length, deflated, crc: 0 }],
      to: { seq: records.length, epoch: 1, ms: 0 },
      epochs: [],
      clients: [],
      firstMoveAt: null,
      finishedAt: 1,
    });
    if (claimedUpto !== undefined) {
      await tx.updateTable('rooms').set({ archived_upto: claimedUpto }).where('id', '=', id).execute();
    }
    await jobs.enqueue(tx, { kind: 'stats', key: id, payload: { room: id } }, 1);
  });
  stats.wake();
}

async function resultOf(room: string): Promise<RoomResult> {
  for (;;) {
    const row = await resultByRoom(db.read, room);
    if (row) return JSON.parse(row.detail) as RoomResult;
    await Bun.sleep(10);
  }
}

test('a result has duration, hints, players and the time of each puzzle', async () => {
  await finishedRoom('one', [
    [RecordKind.move, 5_000, 1, 'hint'],
    [RecordKind.move, 65_000, 1, 'a'],
    [RecordKind.chat, 66_000, 2, 'well done'],
    [RecordKind.move, 125_000, 2, 'b'],
    [RecordKind.finish, 126_000, 1, null],
  ]);
  expect(await resultOf('one')).toEqual({
    finished: true,
    durationMs: 120_000,
    hints: 1,
    players: 2,
    moves: 3,
    puzzles: [
      { id: 'a', atMs: 60_000, tookMs: 60_000 },
      { id: 'b', atMs: 120_000, tookMs: 60_000 },
    ],
    skipped: [],
  });
});

test('the duration does not include pauses', async () => {
  await finishedRoom('paused', [
    [RecordKind.move, 0, 1, 'a'],
    [RecordKind.pause, 10_000, 1, null],
    [RecordKind.resume, 70_000, 1, null],
    [RecordKind.move, 80_000, 1, 'b'],
  ]);
  expect((await resultOf('paused')).durationMs).toBe(20_000);
});

test('a move on which the rules throw is skipped and listed in the result', async () => {
  await finishedRoom('skips', [
    [RecordKind.move, 0, 1, 'a'],
    [RecordKind.move, 1_000, 1, 'throw'],
    [RecordKind.move, 2_000, 1, 'b'],
  ]);
  expect(await resultOf('skips')).toMatchObject({ finished: true, skipped: [3] });
});

test('a finished team has a share card, a picture of 1200 × 630', async () => {
  await finishedRoom('card', [
    [RecordKind.move, 0, 1, 'a'],
    [RecordKind.move, 754_000, 1, 'b'],
  ]);
  await resultOf('card');
  const card = await files.get(cardPath('card'));
  expect(card?.contentType).toBe('image/png');
  const png = new DataView(card?.bytes.buffer ?? new ArrayBuffer(0), card?.bytes.byteOffset);
  expect([png.getUint32(16), png.getUint32(20)]).toEqual([1200, 630]);
});

test('a damaged archive gives no result, and the job keeps the reason', async () => {
  await finishedRoom('gap', [[RecordKind.move, 0, 1, 'a']], 9);
  const reason = async (): Promise<string | null> =>
    (await db.read.selectFrom('jobs').select('last_error').executeTakeFirst())?.last_error ?? null;
  while ((await reason()) === null) await Bun.sleep(10);
  expect(await reason()).toBe('the archive ends at 2 instead of 9');
  expect(await resultByRoom(db.read, 'gap')).toBeNull();
});
