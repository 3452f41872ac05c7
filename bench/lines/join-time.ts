/**
 * Lines: joining a room of 7,000 messages of 135 bytes takes at most 30 ms, and 50 such joins at once keep the
 * p99 of other rooms at or below 12 ms.
 *
 * A join: an SDK page with a counting reducer, on the load's core, without a position, over loopback; from the
 * moment its socket is open (before hello) until it is live and has counted all moves. It is the first
 * join with a replay in a new process, so the reducer has not been compiled yet, as in a new page.
 * The time of the tenth join in the same process is logged.
 *
 * - Live: all entries are in the journal, none in the archive (checked in the database afterwards).
 * - Archived: the same room after it was archived, so it is sent in chunks (checked in the same way).
 *
 * Other rooms: 1,000 rooms × 4 players, 1.2 messages per second and room, while once a second 50 players
 * join the long room at the same moment. These read everything up to `live` without decoding it, because they
 * share a core with the load generator, which measures the latencies.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../lib/load-generator.ts';
import { findLine, spawnPinned, LOAD_CORE } from '../lib/process.ts';
import { makeRooms } from '../lib/make-rooms.ts';
import { type Line, median } from '../lib/verdict.ts';
import { runStandalone, type LineOptions, type MeasureLines, log, scaled } from './standalone.ts';
import { readArchived, waitForFinished } from './archived-rooms.ts';
import { noFaults, measureLoad, PLAYERS } from './server-with-rooms.ts';
import { writeMoves, setQuarantined, writeLogs } from './write-logs.ts';
import { openPage, pageAddressOf, waitUntil } from './counting-page.ts';
import { type LineServer, startLineServer } from './line-server.ts';

const MESSAGES = 7_000;
const JOIN_MS_MAX = 30;
const PROCESSES = 9;
const JOINS_PER_PROCESS = 10;
const OTHER_ROOMS = 1_000;
const MESSAGES_PER_ROOM = 1.2;
const JOINS_AT_ONCE = 50;
const OTHERS_P99_MS_MAX = 12;
/** With this niceness, joining players get a quarter of the core while the load generator is busy, too. */
const NICE = 5;
/** Time for the archiver's first pass, which begins when the program starts. */
const FIRST_PASS_MS = 1_000;

interface LongRoom {
  readonly dataDir: string;
  readonly server: LineServer;
  readonly messages: number;
  /** The seats of the long room, and a seat of a room without moves. */
  readonly seats: readonly Endpoint[];
  readonly empty: Endpoint;
  readonly others: readonly (readonly Endpoint[])[];
}

export const joinLines: MeasureLines = async (options) => [
  ...(await withLongRoom(options, 0, joinAlone)),
  ...(await withLongRoom(options, 2 * scaled(OTHER_ROOMS, options), (room) => joinDuringLoad(room, options))),
];

async function withLongRoom(
  options: LineOptions,
  others: number,
  measure: (room: LongRoom) => Promise<readonly Line[]>,
): Promise<readonly Line[]> {
  const dataDir = await mkdtemp(join(options.folder, 'join-'));
  const messages = scaled(MESSAGES, options);
  const made = await makeRooms(dataDir, 2 + others, PLAYERS);
  const [id] = readArchived(dataDir).ids;
  if (id === undefined) throw new Error('no room was made');
  await writeLogs(dataDir, [id], (writer) => writeMoves(writer, messages));
  setQuarantined(dataDir, id, true);
  const server = await startLineServer({ dataDir, services: ['game', 'archiver'] });
  try {
    await Bun.sleep(FIRST_PASS_MS);
    setQuarantined(dataDir, id, false);
    const rooms = made.map((room) => room.map((player) => ({ ...player, port: server.port })));
    const [seats, [empty]] = rooms as [Endpoint[], [Endpoint]];
    return await measure({ dataDir, server, messages, seats, empty, others: rooms.slice(2) });
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function joinAlone(room: LongRoom): Promise<readonly Line[]> {
  const { messages } = room;
  const live = await medianFirstJoin('live', room, messages);
  assertNotArchived(room);
  await finishRoom(room);
  const stored = await medianFirstJoin('archived', room, messages + 1);
  return [
    { name: `join of ${messages} messages, live`, unit: 'ms', value: live, max: JOIN_MS_MAX },
    { name: `join of ${messages} messages, archived`, unit: 'ms', value: stored, max: JOIN_MS_MAX },
  ];
}

/** The median of the first joins of new processes, ms. */
async function medianFirstJoin(store: string, { seats, empty }: LongRoom, messages: number): Promise<number> {
  const first: number[] = [];
  const later: number[] = [];
  for (let run = 0; run < PROCESSES; run++) {
    const addresses = [seats[0] as Endpoint, empty].map(pageAddressOf);
    const args = [
      ...addresses.flatMap(({ url, ticket }) => [url, ticket]),
      String(messages),
      String(JOINS_PER_PROCESS),
    ];
    const child = spawnPinned(LOAD_CORE, [process.execPath, 'bench/lines/join-time.page.ts', ...args]);
    const took = await findLine(child.stdout, (line) => JSON.parse(line) as number[]);
    await child.exited;
    first.push(took[0] ?? Number.NaN);
    later.push(took.at(-1) ?? Number.NaN);
  }
  log(`${store}: first joins ${range(first)}, tenth joins ${range(later)}`);
  return median(first);
}

async function joinDuringLoad(room: LongRoom, options: LineOptions): Promise<readonly Line[]> {
  const { others } = room;
  const live = await measureWithJoins(room, others.slice(0, others.length / 2), options);
  assertNotArchived(room);
  await finishRoom(room);
  const stored = await measureWithJoins(room, others.slice(others.length / 2), options);
  const line = (store: string, value: number): Line => ({
    name: `p99 of other rooms during ${JOINS_AT_ONCE} joins at once, ${store}`,
    unit: 'ms',
    value,
    max: OTHERS_P99_MS_MAX,
  });
  return [line('live', live.p99), line('archived', stored.p99), noFaults('during joins', [live, stored])];
}

async function measureWithJoins(
  { seats, server }: LongRoom,
  rooms: LongRoom['others'],
  options: LineOptions,
) {
  const { folder, seconds } = options;
  const started: ReturnType<typeof spawnPinned>[] = [];
  const load = { rate: rooms.length * MESSAGES_PER_ROOM, seconds };
  const sample = await measureLoad({ rooms, pids: [server.pid] }, load, folder, (phase) => {
    if (phase !== 'measuring') return;
    const { port, path } = seats[0] as Endpoint;
    const tickets = seats.map(({ ticket }) => ticket);
    const args = [String(port), path, String(JOINS_AT_ONCE), String(seconds), ...tickets];
    const command = [process.execPath, 'bench/lines/join-time.bursts.ts', ...args];
    started.push(spawnPinned(LOAD_CORE, ['nice', '-n', String(NICE), ...command]));
  });
  const [joining] = started;
  if (!joining) throw new Error('the load ended before the measured stretch');
  const took = await findLine(joining.stdout, (line) => JSON.parse(line) as number[]);
  await joining.exited;
  log(`${took.length} times ${JOINS_AT_ONCE} joins at once; all of them live after ${range(took)}`);
  return sample;
}

function range(values: readonly number[]): string {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(1)} ms (${min.toFixed(1)} – ${max.toFixed(1)})`;
}

function assertNotArchived({ dataDir }: LongRoom): void {
  if (readArchived(dataDir).started > 0) throw new Error('the room was archived meanwhile');
}

/** Ends the game, upon which the page sends the finish, and waits until the room is archived. */
async function finishRoom({ seats, dataDir }: LongRoom): Promise<void> {
  const { session } = openPage(pageAddressOf(seats[0] as Endpoint));
  await waitUntil(session, () => session.status() === 'live');
  session.send({ over: true });
  await waitForFinished(dataDir, 1);
  session.close();
}

if (import.meta.main) await runStandalone(joinLines);
