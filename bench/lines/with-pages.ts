/**
 * Lines: with 1,000 rooms × 4 players and 1.2 messages per second and room, 200 page views per second and
 * stats jobs keep the p99 of a delivery at or below 10 ms.
 *
 * All services run in one process (`escapement start`) on the server's core, and so do the child processes of
 * stats. A page view is a GET of a page of the shop (front page, game, legal texts) that is answered with 200
 * and the complete HTML. A process on the load's core requests them evenly from the warm-up on, over
 * keep-alive connections; those answered in the measured stretch count. Images, styles and scripts are not
 * requested: a visitor's browser has cached them. Stats jobs are real ones: games that a bot played to the
 * end are replayed through their pinned rules, and the share card is drawn, one job after another. The
 * stats service rests between jobs, so that a job runs for about a third of the time. Done jobs are
 * queued again twice a second, because they are done faster than new games could be made; each time it is
 * checked that jobs were left.
 */
import { Database } from 'bun:sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { newReplay, replayRecords } from '../../sdk/src/reducer.ts';
import { botMove } from '../../games/dormouse-hour/bot.ts';
import rules from '../../games/dormouse-hour/rules.ts';
import { findLine, spawnPinned, LOAD_CORE } from '../lib/process.ts';
import { makeRooms } from '../lib/make-rooms.ts';
import { runStandalone, type MeasureLines, log, scaled } from './standalone.ts';
import { readArchived, waitForFinished } from './archived-rooms.ts';
import { noFaults, measureLoad, PLAYERS, WARM_UP_MS } from './server-with-rooms.ts';
import { type LogWriter, SEATS, writeLogs } from './write-logs.ts';
import { type LineServer, startLineServer } from './line-server.ts';

const GAME = 'dormouse-hour';
const ROOMS = 1_000;
const MESSAGES_PER_ROOM = 1.2;
const VIEWS_PER_SECOND = 200;
const FINISHED = 100;
const P99_MS_MAX = 10;
/** FINISHED jobs take longer than this, so there are always jobs left: each starts two processes, one after the other. */
const REQUEUE_MS = 500;
const MOVES_MAX = 2_000;

export interface PageViews {
  /** In the measured stretch. */
  readonly answered: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
}

export const withPagesLines: MeasureLines = async (options) => {
  const { folder, seconds } = options;
  const dataDir = await mkdtemp(join(folder, 'pages-'));
  const others = scaled(ROOMS, options);
  const made = await makeRooms(dataDir, FINISHED + others, PLAYERS);
  await publish(dataDir);
  await finishGames(dataDir);
  const server = await startLineServer({ dataDir, services: [] });
  const jobs = requeueJobs(dataDir);
  try {
    await waitForFinished(dataDir, FINISHED);
    const rooms = made
      .slice(FINISHED)
      .map((room) => room.map((player) => ({ ...player, port: server.port })));
    const visitors: ReturnType<typeof spawnPinned>[] = [];
    const load = { rate: others * MESSAGES_PER_ROOM, seconds };
    const sample = await measureLoad({ rooms, pids: [server.pid] }, load, folder, (phase) => {
      if (phase === 'connected') visitors.push(startVisitors(server, seconds));
      if (phase === 'measuring') jobs.begin();
      if (phase === 'measured') jobs.end();
    });
    if (!visitors[0]) throw new Error('the load ended before all players were live');
    const views = await findLine(visitors[0].stdout, (line) => JSON.parse(line) as PageViews);
    const { done, emptyChecks } = jobs.counts();
    log(`page views: p50 ${views.p50.toFixed(1)} ms, p99 ${views.p99.toFixed(1)} ms`);
    log(`${(done / seconds).toFixed(1)} stats jobs per second`);
    const viewed = views.answered / seconds;
    return [
      {
        name: 'p99 of a delivery during page views and stats',
        unit: 'ms',
        value: sample.p99,
        max: P99_MS_MAX,
      },
      { name: 'page views', unit: 'per second', value: viewed, min: VIEWS_PER_SECOND * 0.99 },
      { name: 'page views that failed', unit: 'views', value: views.failed, max: 0 },
      { name: 'stats jobs', unit: 'jobs', value: done, min: 1 },
      { name: 'checks without a stats job left', unit: 'checks', value: emptyChecks, max: 0 },
      noFaults('during page views', [sample]),
    ];
  } finally {
    jobs.close();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

function startVisitors({ port }: LineServer, seconds: number): ReturnType<typeof spawnPinned> {
  const args = [`http://127.0.0.1:${port}`, VIEWS_PER_SECOND, WARM_UP_MS / 1_000, seconds].map(String);
  return spawnPinned(LOAD_CORE, [process.execPath, 'bench/lines/with-pages.visitors.ts', ...args]);
}

/** The program publishes the games as releases when it starts. */
async function publish(dataDir: string): Promise<void> {
  const server = await startLineServer({ dataDir, services: ['web'] });
  await server.stop();
}

/** Writes finished games. The archiver will find their finish in the log and make a stats job of each. */
async function finishGames(dataDir: string): Promise<void> {
  const rooms = readArchived(dataDir).ids.slice(0, FINISHED);
  const db = new Database(join(dataDir, 'main.sqlite'));
  const pinnedRules = 'select rules_hash from releases where game = ? and is_current = 1';
  for (const room of rooms) {
    db.run(`update rooms set game = ?, rules_hash = (${pinnedRules}) where id = ?`, [GAME, GAME, room]);
  }
  db.close();
  await writeLogs(dataDir, rooms, writeWholeGame);
}

async function writeWholeGame(writer: LogWriter): Promise<void> {
  const replay = newReplay<ReturnType<typeof rules.init>>();
  const lastSent = Array.from({ length: SEATS }, () => 0);
  const add = async (kind: number, seat: number, body: Uint8Array): Promise<void> => {
    const clientSeq = (lastSent[seat - 1] = (lastSent[seat - 1] ?? 0) + 1);
    const ms = replay.ms + 1_000;
    replayRecords(
      replay,
      await writer.add({ kind, seat, client: seat, clientSeq, ms }, body),
      rules,
      failOnSkip,
    );
  };
  replayRecords(replay, writer.written(), rules, failOnSkip);
  for (let turn = 0; turn < MOVES_MAX && !replay.progress?.done; turn++) {
    const seat = 1 + (turn % SEATS);
    const move = replay.state && botMove(replay.state, seat);
    if (move) await add(RecordKind.move, seat, Buffer.from(JSON.stringify(move)));
  }
  if (!replay.progress?.done) throw new Error('the bot did not reach the end');
  await add(RecordKind.finish, 1, new Uint8Array());
}

function failOnSkip(seq: number, why: string, detail: string): void {
  throw new Error(`move ${seq}: ${why} ${detail}`);
}

/** Queues done stats jobs again. Counts them, and the checks that found no job left, from `begin` to `end`. */
function requeueJobs(dataDir: string) {
  const db = new Database(join(dataDir, 'main.sqlite'));
  db.run('pragma busy_timeout = 5000');
  // These writes need not be durable, and the rooms need the disk.
  db.run('pragma synchronous = off');
  const left = db.query("select 1 from jobs where kind = 'stats' and state in ('ready', 'leased') limit 1");
  const queueAgain = db.query(
    "update jobs set state = 'ready', attempts = 0 where kind = 'stats' and state = 'done'",
  );
  let counts = { done: 0, emptyChecks: 0 };
  let final: typeof counts | null = null;
  const requeue = (): void => {
    const empty = left.get() === null ? 1 : 0;
    counts = { done: counts.done + queueAgain.run().changes, emptyChecks: counts.emptyChecks + empty };
  };
  const timer = setInterval(requeue, REQUEUE_MS);
  return {
    begin() {
      requeue();
      counts = { done: 0, emptyChecks: 0 };
    },
    end() {
      requeue();
      final = counts;
    },
    counts: () => final ?? counts,
    close() {
      clearInterval(timer);
      db.close();
    },
  };
}

if (import.meta.main) await runStandalone(withPagesLines);
