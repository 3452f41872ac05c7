/**
 * Lines: a room of 7,000 messages of 135 bytes is joined in 30 ms, and 50 such joins at once do not
 * lift the p99 of the others over 12 ms.
 *
 * A join is a page of the SDK with a counting reducer, on the load's core, without any position: from
 * the moment its socket is open (before hello) to the moment it is live with all moves counted; over
 * loopback. Each is the first join of a fresh process with anything to replay, so the reducer is code
 * that has not run before, as in a page; what a tenth join of the same process takes is told beside.
 *
 * - Live: every entry is in the journal, none in the archive (checked in the database afterwards).
 * - Archived: the same room after a sweep, so it comes in chunks (checked likewise).
 *
 * The others: 1,000 rooms × 4 players, 1.2 messages a second in each, while once a second 50 players
 * join the long room at the same moment. These read everything, up to `live`, but decode nothing, as
 * they share the core with the generator that takes the others' time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from '../lib/load.ts';
import { lineOf, pinned } from '../lib/process.ts';
import { makeRooms } from '../lib/rooms.ts';
import { type Line, median } from '../lib/verdict.ts';
import { alone, type LineOptions, type LinesOf, say, scaled } from './alone.ts';
import { archivedRooms, untilFinished } from './archive.ts';
import { clean, play, PLAYERS } from './hall.ts';
import { playLong, setAside, writeLogs } from './logs.ts';
import { openPage, until } from './page.ts';
import { type LineServer, LOAD_CORE, startServer } from './server.ts';

const MESSAGES = 7_000;
const JOIN_MS_MAX = 30;
const PROCESSES = 9;
const JOINS_PER_PROCESS = 10;
const OTHER_ROOMS = 1_000;
const MESSAGES_PER_ROOM = 1.2;
const JOINS_AT_ONCE = 50;
const OTHERS_P99_MS_MAX = 12;
/** The joiners get a quarter of the core when they want it, the generator the rest. */
const NICE = 5;
/** The archiver looks at once when the program starts. */
const FIRST_LOOK_MS = 1_000;

interface LongRoom {
  readonly dataDir: string;
  readonly server: LineServer;
  readonly messages: number;
  /** The long room's seats, and one in a room in which nothing was played. */
  readonly seats: readonly Place[];
  readonly empty: Place;
  readonly others: readonly (readonly Place[])[];
}

export const joinLines: LinesOf = async (options) => [
  ...(await withLongRoom(options, 0, joinAlone)),
  ...(await withLongRoom(options, 2 * scaled(OTHER_ROOMS, options), (room) => joinBeside(room, options))),
];

async function withLongRoom(
  options: LineOptions,
  others: number,
  measure: (room: LongRoom) => Promise<readonly Line[]>,
): Promise<readonly Line[]> {
  const dataDir = await mkdtemp(join(options.folder, 'join-'));
  const messages = scaled(MESSAGES, options);
  const made = await makeRooms(dataDir, 2 + others, PLAYERS);
  const [id] = archivedRooms(dataDir).ids;
  if (id === undefined) throw new Error('no room was made');
  await writeLogs(dataDir, [id], (log) => playLong(log, messages));
  setAside(dataDir, id, true);
  const server = await startServer({ dataDir, services: ['game', 'archiver'] });
  try {
    await Bun.sleep(FIRST_LOOK_MS);
    setAside(dataDir, id, false);
    const rooms = made.map((room) => room.map((place) => ({ ...place, port: server.port })));
    const [seats, [empty]] = rooms as [Place[], [Place]];
    return await measure({ dataDir, server, messages, seats, empty, others: rooms.slice(2) });
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function joinAlone(room: LongRoom): Promise<readonly Line[]> {
  const { messages } = room;
  const live = await joins('live', room, messages);
  mustBeLive(room);
  await finish(room);
  const stored = await joins('archived', room, messages + 1);
  return [
    { name: `join of ${messages} messages, live`, unit: 'ms', value: live, max: JOIN_MS_MAX },
    { name: `join of ${messages} messages, archived`, unit: 'ms', value: stored, max: JOIN_MS_MAX },
  ];
}

/** The median of first joins, ms. */
async function joins(what: string, { seats, empty }: LongRoom, messages: number): Promise<number> {
  const first: number[] = [];
  const later: number[] = [];
  for (let run = 0; run < PROCESSES; run++) {
    const places = [seats[0] as Place, empty].flatMap((place) => [addressOf(place), place.ticket]);
    const args = [...places, String(messages), String(JOINS_PER_PROCESS)];
    const child = pinned(LOAD_CORE, [process.execPath, 'bench/lines/join.page.ts', ...args]);
    const took = await lineOf(child.stdout, (line) => JSON.parse(line) as number[]);
    await child.exited;
    first.push(took[0] ?? Number.NaN);
    later.push(took.at(-1) ?? Number.NaN);
  }
  say(`${what}: first joins ${range(first)}, tenth joins ${range(later)}`);
  return median(first);
}

async function joinBeside(room: LongRoom, options: LineOptions): Promise<readonly Line[]> {
  const { others } = room;
  const live = await beside(room, others.slice(0, others.length / 2), options);
  mustBeLive(room);
  await finish(room);
  const stored = await beside(room, others.slice(others.length / 2), options);
  const line = (what: string, value: number): Line => ({
    name: `p99 of others beside ${JOINS_AT_ONCE} joins at once, ${what}`,
    unit: 'ms',
    value,
    max: OTHERS_P99_MS_MAX,
  });
  return [line('live', live.p99), line('archived', stored.p99), clean('beside joins', [live, stored])];
}

async function beside({ seats, server }: LongRoom, rooms: LongRoom['others'], options: LineOptions) {
  const { folder, seconds } = options;
  const joiners: ReturnType<typeof pinned>[] = [];
  const load = { rate: rooms.length * MESSAGES_PER_ROOM, seconds };
  const sample = await play({ rooms, pids: [server.pid] }, load, folder, (word) => {
    if (word !== 'measuring') return;
    const { port, path } = seats[0] as Place;
    const tickets = seats.map(({ ticket }) => ticket);
    const args = [String(port), path, String(JOINS_AT_ONCE), String(seconds), ...tickets];
    const command = [process.execPath, 'bench/lines/join.volleys.ts', ...args];
    joiners.push(pinned(LOAD_CORE, ['nice', '-n', String(NICE), ...command]));
  });
  const [joiner] = joiners;
  if (!joiner) throw new Error('the load ended before it measured');
  const took = await lineOf(joiner.stdout, (line) => JSON.parse(line) as number[]);
  await joiner.exited;
  say(`${took.length} times ${JOINS_AT_ONCE} joins at once; each time all were in after ${range(took)}`);
  return sample;
}

function addressOf({ port, path }: Place): string {
  return `ws://127.0.0.1:${port}${path}`;
}

function range(values: readonly number[]): string {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(1)} ms (${least.toFixed(1)} – ${greatest.toFixed(1)})`;
}

function mustBeLive({ dataDir }: LongRoom): void {
  if (archivedRooms(dataDir).begun > 0) throw new Error('the room was archived meanwhile');
}

/** Ends the game, which has it archived at once; the page says so itself as long as it is there. */
async function finish({ seats, dataDir }: LongRoom): Promise<void> {
  const seat = seats[0] as Place;
  const { session } = openPage({ url: addressOf(seat), ticket: seat.ticket });
  await until(session, () => session.status() === 'live');
  session.send({ over: true });
  await untilFinished(dataDir, 1);
  session.close();
}

if (import.meta.main) await alone(joinLines);
