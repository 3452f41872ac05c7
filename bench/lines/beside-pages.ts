/**
 * Line: beside 1,000 rooms × 4 players × 1.2 messages a second in each, 200 page views a second and a
 * running stats job leave the p99 of a delivery at or under 10 ms.
 *
 * All services in the one process (`escapement start`), on the server's core, child processes of stats
 * included. A page view is a GET of a page of the shop, answered 200 with the whole HTML: the front page,
 * the game, the legal texts; asked for evenly from the warm-up on, over connections that are kept, by a
 * process on the load's core; what was answered in the measured seconds counts. Pictures, styles and scripts
 * are not asked for again: visitors have them. Stats jobs are real ones: games of the free title that a bot
 * played to the end, replayed through the rules they pinned, and the share card drawn, one after another.
 * Between them the stats service rests as it always does, so that one runs for about a third of the time.
 * They are done faster than they could be made, so what is done is given back to be done again, twice a
 * second, and each time it is looked whether one was left. Held equal: nothing, this is one measurement.
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
import { archivedRooms, untilFinished } from './archive.ts';
import { clean, play, PLAYERS, WARM_UP_MS } from './hall.ts';
import { type LogWriter, SEATS, writeLogs } from './logs.ts';
import { type LineServer, LOAD_CORE, startServer } from './server.ts';

const GAME = 'dormouse-hour';
const ROOMS = 1_000;
const MESSAGES_PER_ROOM = 1.2;
const VIEWS_PER_SECOND = 200;
const FINISHED = 100;
const P99_MS_MAX = 10;
/** A job is two processes, one after the other: a hundred jobs last longer. */
const GIVE_BACK_MS = 500;
const MOVES_MAX = 2_000;

export interface PageViews {
  /** In the seconds that count. */
  readonly answered: number;
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
  const jobs = endlessJobs(dataDir);
  try {
    await untilFinished(dataDir, FINISHED);
    const rooms = made.slice(FINISHED).map((room) => room.map((place) => ({ ...place, port: server.port })));
    const visitors: ReturnType<typeof pinned>[] = [];
    const load = { rate: others * MESSAGES_PER_ROOM, seconds };
    const sample = await play({ rooms, pids: [server.pid] }, load, folder, (word) => {
      if (word === 'connected') visitors.push(visit(server, seconds));
      if (word === 'measuring') jobs.begin();
      if (word === 'measured') jobs.end();
    });
    if (!visitors[0]) throw new Error('the load ended before everybody was in');
    const seen = await lineOf(visitors[0].stdout, (line) => JSON.parse(line) as PageViews);
    const { done, without } = jobs.found();
    say(`page views: p50 ${seen.p50.toFixed(1)} ms, p99 ${seen.p99.toFixed(1)} ms`);
    say(`${(done / seconds).toFixed(1)} stats jobs a second`);
    const viewed = seen.answered / seconds;
    return [
      { name: 'p99 of a delivery beside pages and stats', unit: 'ms', value: sample.p99, max: P99_MS_MAX },
      { name: 'page views meanwhile', unit: 'per second', value: viewed, min: VIEWS_PER_SECOND * 0.99 },
      { name: 'page views that failed', unit: 'views', value: seen.failed, max: 0 },
      { name: 'stats jobs meanwhile', unit: 'jobs', value: done, min: 1 },
      { name: 'looks that found no stats job left', unit: 'looks', value: without, max: 0 },
      clean('beside pages', [sample]),
    ];
  } finally {
    jobs.close();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

function visit({ port }: LineServer, seconds: number): ReturnType<typeof pinned> {
  const args = [`http://127.0.0.1:${port}`, VIEWS_PER_SECOND, WARM_UP_MS / 1_000, seconds].map(String);
  return pinned(LOAD_CORE, [process.execPath, 'bench/lines/beside-pages.visitors.ts', ...args]);
}

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

/** Stats jobs without end; counts those that are done, and the looks that found none left to do, from `begin` to `end`. */
function endlessJobs(dataDir: string) {
  const db = new Database(join(dataDir, 'main.sqlite'));
  db.run('pragma busy_timeout = 5000');
  // Nobody needs these writes to last, and the rooms need the disk.
  db.run('pragma synchronous = off');
  const left = db.query("select 1 from jobs where kind = 'stats' and state in ('ready', 'leased') limit 1");
  const again = db.query(
    "update jobs set state = 'ready', attempts = 0 where kind = 'stats' and state = 'done'",
  );
  let found = { done: 0, without: 0 };
  let ended: typeof found | null = null;
  const look = (): void => {
    const without = left.get() === null ? 1 : 0;
    found = { done: found.done + again.run().changes, without: found.without + without };
  };
  const timer = setInterval(look, GIVE_BACK_MS);
  return {
    begin() {
      look();
      found = { done: 0, without: 0 };
    },
    end() {
      look();
      ended = found;
    },
    found: () => ended ?? found,
    close() {
      clearInterval(timer);
      db.close();
    },
  };
}

if (import.meta.main) await alone(besidePagesLines);
