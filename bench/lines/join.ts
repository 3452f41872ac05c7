/**
 * Lines: a room of 7,000 messages of 135 bytes is joined in 30 ms, and 50 such joins at once do not
 * lift the p99 of the others over 12 ms.
 *
 * The room is filled over its sockets by 32 pages of the SDK. A join is a page of the SDK with a
 * counting reducer, on the load's core, without any position: from the moment its socket is open
 * (before hello) to the moment it is live with all moves counted; over loopback. Each is the first
 * join of a fresh process, so it meets code that has not run before, as a page does; what a tenth
 * join of the same process takes is told beside.
 *
 * - Live: every entry is in the journal, none in the archive (checked in the database afterwards).
 * - Archived: the same room after a sweep, so it comes in chunks (checked likewise).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lineOf, pinned } from '../lib/process.ts';
import { makeRooms, type PlayerPlace } from '../lib/rooms.ts';
import { median } from '../lib/verdict.ts';
import { alone, type LinesOf, say, scaled } from './alone.ts';
import { archivedRooms, untilFinished } from './archive.ts';
import { moveOf, openPage, type Place, until } from './page.ts';
import { LOAD_CORE, startServer } from './server.ts';

const MESSAGES = 7_000;
const JOIN_MS_MAX = 30;
const FILLERS = 32;
const PROCESSES = 9;
const JOINS_PER_PROCESS = 10;

export const joinLines: LinesOf = async (options) => {
  const dataDir = await mkdtemp(join(options.folder, 'join-'));
  const messages = scaled(MESSAGES, options, FILLERS);
  const places = (await makeRooms(dataDir, 1, FILLERS + 1))[0] as readonly PlayerPlace[];
  const server = await startServer({ dataDir, services: ['game', 'archiver'] });
  try {
    const at = ({ path, ticket }: PlayerPlace): Place => ({
      url: `ws://127.0.0.1:${server.port}${path}`,
      ticket,
    });
    const [finisher, ...fillers] = places.map(at) as [Place, ...Place[]];
    await fill(fillers, messages);
    const live = await joins('live', finisher, messages);
    if (archivedRooms(dataDir).begun > 0)
      throw new Error('the room was archived meanwhile: its joins were not live');
    await finish(finisher, dataDir);
    const stored = await joins('archived', finisher, messages + 1);
    return [
      { name: `join of ${messages} messages, live`, unit: 'ms', value: live, max: JOIN_MS_MAX },
      { name: `join of ${messages} messages, archived`, unit: 'ms', value: stored, max: JOIN_MS_MAX },
    ];
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

async function fill(places: readonly Place[], messages: number): Promise<void> {
  const began = performance.now();
  const sessions = places.map((place) => openPage(place).session);
  await Promise.all(sessions.map((session) => until(session, () => session.status() === 'live')));
  for (let index = 0; index < messages; index++) sessions[index % sessions.length]?.send(moveOf(index));
  await Promise.all(sessions.map((session) => until(session, () => session.state()?.moves === messages)));
  for (const session of sessions) session.close();
  say(`${messages} messages played in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

/** The median of first joins, ms. */
async function joins(what: string, { url, ticket }: Place, messages: number): Promise<number> {
  const first: number[] = [];
  const later: number[] = [];
  for (let run = 0; run < PROCESSES; run++) {
    const args = [url, ticket, String(messages), String(JOINS_PER_PROCESS)];
    const child = pinned(LOAD_CORE, [process.execPath, 'bench/lines/join.page.ts', ...args]);
    const took = await lineOf(child.stdout, (line) => JSON.parse(line) as number[]);
    await child.exited;
    first.push(took[0] ?? Number.NaN);
    later.push(took.at(-1) ?? Number.NaN);
  }
  const range = (values: readonly number[]): string =>
    `${median(values).toFixed(1)} ms (${Math.min(...values).toFixed(1)} – ${Math.max(...values).toFixed(1)})`;
  say(`${what}: first joins ${range(first)}, tenth joins ${range(later)}`);
  return median(first);
}

/** Ends the game, which has it archived at once; the page says so itself as long as it is there. */
async function finish(place: Place, dataDir: string): Promise<void> {
  const { session } = openPage(place);
  await until(session, () => session.status() === 'live');
  session.send({ over: true });
  await untilFinished(dataDir, 1);
  session.close();
}

if (import.meta.main) await alone(joinLines);
