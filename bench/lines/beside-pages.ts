/**
 * Line: beside 1,000 rooms × 4 players × 1.2 messages a second in each, 200 page views a second and a
 * running stats job leave the p99 of a delivery at or under 10 ms.
 *
 * All services in the one process (`escapement start`), on the server's core, child processes of stats
 * included. A page view is a GET of a page of the shop, answered 200 with the whole HTML: the front page,
 * the game, the legal texts; asked for evenly, over connections that are kept, by a process on the load's
 * core. Pictures, styles and scripts are not asked for again: visitors have them. Stats jobs are real
 * ones: games of the free title that a bot played to the end, replayed through the rules they pinned,
 * and the share card drawn, one after another; there are more of them than get done (checked). Held
 * equal: nothing, this is one measurement.
 */
import { Database } from 'bun:sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { newReplay, replayRecords } from '../../sdk/src/reducer.ts';
import { botMove } from '../../games/dormouse-hour/bot.ts';
import rules from '../../games/dormouse-hour/rules.ts';
import { lineOf, pinned } from '../lib/process.ts';
import { makeRooms } from '../lib/rooms.ts';
import { alone, type LinesOf, say, scaled } from './alone.ts';
import { archivedRooms } from './archive.ts';
import { clean, play, PLAYERS } from './hall.ts';
import { type LogWriter, SEATS, writeLogs } from './logs.ts';
import { LOAD_CORE, startServer } from './server.ts';

const GAME = 'dormouse-hour';
const ROOMS = 1_000;
const MESSAGES_PER_ROOM = 1.2;
const VIEWS_PER_SECOND = 200;
const FINISHED = 100;
const P99_MS_MAX = 10;
const MOVES_MAX = 2_000;

export interface PageViews {
  readonly views: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
}

export const besidePagesLines: LinesOf = async (options) => {
  const { folder, seconds } = options;
  const dataDir = await mkdtemp(join(folder, 'pages-'));
  const others = scaled(ROOMS, options);
  const made = await makeRooms(dataDir, FINISHED + others, PLAYERS);
  await publish(dataDir);
  await finishGames(dataDir);
  const server = await startServer({ dataDir, services: [] });
  try {
    const rooms = made.slice(FINISHED).map((room) => room.map((place) => ({ ...place, port: server.port })));
    const visitors: ReturnType<typeof pinned>[] = [];
    const done: number[] = [];
    const load = { rate: others * MESSAGES_PER_ROOM, seconds };
    const sample = await play({ rooms, pids: [server.pid] }, load, folder, (word) => {
      if (word !== 'connected') done.push(jobsDone(dataDir));
      if (word !== 'measuring') return;
      const args = [`http://127.0.0.1:${server.port}`, String(VIEWS_PER_SECOND), String(seconds)];
      visitors.push(pinned(LOAD_CORE, [process.execPath, 'bench/lines/beside-pages.visitors.ts', ...args]));
    });
    if (!visitors[0]) throw new Error('the load ended before it measured');
    const seen = await lineOf(visitors[0].stdout, (line) => JSON.parse(line) as PageViews);
    const [before = 0, after = 0] = done;
    say(`${seen.views} page views, p50 ${seen.p50.toFixed(1)} ms, p99 ${seen.p99.toFixed(1)} ms`);
    say(`${after - before} stats jobs meanwhile, ${FINISHED - after} left`);
    if (after === FINISHED) throw new Error('there were not enough stats jobs');
    const viewed = seen.views / seconds;
    return [
      { name: 'p99 of a delivery beside pages and stats', unit: 'ms', value: sample.p99, max: P99_MS_MAX },
      { name: 'page views meanwhile', unit: 'per second', value: viewed, min: VIEWS_PER_SECOND * 0.99 },
      { name: 'stats jobs meanwhile', unit: 'jobs', value: after - before, min: 1 },
      clean('beside pages', [sample]),
    ];
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

/** The games become releases when the program starts. */
async function publish(dataDir: string): Promise<void> {
  const server = await startServer({ dataDir, services: ['web'] });
  await server.stop();
}

/** The archiver will find finishes in the log, which makes the jobs. */
async function finishGames(dataDir: string): Promise<void> {
  const rooms = archivedRooms(dataDir).ids.slice(0, FINISHED);
  const db = new Database(join(dataDir, 'main.sqlite'));
  const pinnedRules = 'select rules_hash from releases where game = ? and is_current = 1';
  for (const room of rooms) {
    db.run(`update rooms set game = ?, rules_hash = (${pinnedRules}) where id = ?`, [GAME, GAME, room]);
  }
  db.close();
  await writeLogs(dataDir, rooms, playToTheEnd);
}

async function playToTheEnd(log: LogWriter): Promise<void> {
  const replay = newReplay<ReturnType<typeof rules.init>>();
  const said = Array.from({ length: SEATS }, () => 0);
  const add = async (kind: number, seat: number, body: Uint8Array): Promise<void> => {
    const clientSeq = (said[seat - 1] = (said[seat - 1] ?? 0) + 1);
    const ms = replay.ms + 1_000;
    replayRecords(replay, await log.add({ kind, seat, client: seat, clientSeq, ms }, body), rules, skipped);
  };
  replayRecords(replay, log.written(), rules, skipped);
  for (let turn = 0; turn < MOVES_MAX && !replay.progress?.done; turn++) {
    const seat = 1 + (turn % SEATS);
    const move = replay.state && botMove(replay.state, seat);
    if (move) await add(RecordKind.move, seat, Buffer.from(JSON.stringify(move)));
  }
  if (!replay.progress?.done) throw new Error('the bot did not reach the end');
  await add(RecordKind.finish, 1, new Uint8Array());
}

function skipped(seq: number, why: string, detail: string): void {
  throw new Error(`move ${seq}: ${why} ${detail}`);
}

function jobsDone(dataDir: string): number {
  const db = new Database(join(dataDir, 'main.sqlite'), { readonly: true });
  const sql = "select count(*) as count from jobs where kind = 'stats' and state = 'done'";
  const row = db.query<{ count: number }, []>(sql).get();
  db.close();
  return row?.count ?? 0;
}

if (import.meta.main) await alone(besidePagesLines);
