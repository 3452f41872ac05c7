/** Rooms at play: a data folder with so many of them, the program that serves them, and a load on them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadPlan, LoadWord, Place } from '../lib/load.ts';
import { measurePlan, type Sample } from '../lib/measure.ts';
import { makeRooms, type PlayerPlace } from '../lib/rooms.ts';
import type { Line } from '../lib/verdict.ts';
import { say } from './alone.ts';
import { type ServerPlan, startServer } from './server.ts';

export const PLAYERS = 4;
export const BODY_BYTES = 135;
export const WARM_UP_MS = 2_000;
/** What is late is late, and not lost: a server that has to catch up gets the time. */
const SETTLE_MS = 20_000;
const PORTS_OF_SOURCE = 20_000;

export interface HallPlan {
  readonly rooms: number;
  readonly players?: number;
  /** Game processes beside the main one, the rooms dealt out to them; none = rooms live in the main one. */
  readonly processes?: number;
  readonly services?: ServerPlan['services'];
  readonly env?: ServerPlan['env'];
}

export interface Hall {
  readonly dataDir: string;
  readonly rooms: readonly (readonly Place[])[];
  /** What they started is found. */
  readonly pids: readonly number[];
  /** Kills the program and starts it again at the same place; resolves when it says that it runs. */
  strike(): Promise<void>;
  close(): Promise<void>;
}

export async function openHall(plan: HallPlan, folder: string): Promise<Hall> {
  const { rooms, players = PLAYERS, processes = 0, services = ['game', 'archiver'], env = {} } = plan;
  const dataDir = await mkdtemp(join(folder, 'hall-'));
  const made = await makeRooms(dataDir, rooms, players);
  const started: ServerPlan = { dataDir, services, processes, env };
  let server = await startServer(started);
  const { port, pid } = server;
  return {
    dataDir,
    rooms: made.map((room, at) => room.map((place) => placeIn(port, place, at, processes))),
    pids: [pid],
    async strike() {
      await server.kill();
      server = await startServer({ ...started, port });
    },
    async close() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Where room number `at` lives; slot h1 has the first port after the main one. */
function placeIn(port: number, { path, ticket }: PlayerPlace, at: number, processes: number): Place {
  if (processes === 0) return { port, path, ticket };
  const slot = 1 + (at % processes);
  return { port: port + slot, path: path.replace('/h/h1/', `/h/h${slot}/`), ticket };
}

/** What a line asks for beside the rooms: the rate is that of all rooms together, messages a second. */
export type Play = Pick<LoadPlan, 'rate' | 'cursors' | 'reconnect'> & { readonly seconds: number };

/** Plays in the hall, tells what it cost. */
export async function play(
  { rooms, pids }: Pick<Hall, 'rooms' | 'pids'>,
  { seconds, ...load }: Play,
  folder: string,
  heard?: (word: LoadWord) => void,
): Promise<Sample> {
  const plan: LoadPlan = {
    speech: 'escapement',
    bodyBytes: BODY_BYTES,
    warmUpMs: WARM_UP_MS,
    measureMs: seconds * 1_000,
    rooms,
    settleMs: SETTLE_MS,
    sources: sourcesFor(rooms),
    ...load,
  };
  const sample = await measurePlan(plan, pids, folder, heard);
  const { cpu, p50, p99, deliveriesPerSecond, memoryMb, report } = sample;
  say(
    `${rooms.length} rooms, ${deliveriesPerSecond.toFixed(0)} deliveries/s: CPU ${cpu.toFixed(2)}, ` +
      `p50 ${p50} ms, p99 ${p99} ms, ${memoryMb.toFixed(0)} MB; generator late p99 ${report.lateP99} ms`,
  );
  const { firstFault, refused, holds, expects, closed } = report;
  if (firstFault) say(`first fault: ${firstFault}`);
  if (refused + holds + expects + closed > 0) say(JSON.stringify({ refused, holds, expects, closed }));
  return sample;
}

/** Source addresses for so many players: one has some 28,000 ports. */
export function sourcesFor(rooms: Hall['rooms']): number {
  return Math.ceil(rooms.flat().length / PORTS_OF_SOURCE);
}

/** Plays in a hall of its own: the generator knows only messages of its own run. */
export async function playOnce(plan: HallPlan, load: Play, folder: string): Promise<Sample> {
  const hall = await openHall(plan, folder);
  try {
    return await play(hall, load, folder);
  } finally {
    await hall.close();
  }
}

/** Every figure above is worth something only if this one is 0. */
export function clean(name: string, samples: readonly Sample[]): Line {
  const value = samples.reduce((sum, { faults, missing }) => sum + faults + missing, 0);
  return { name: `${name}: missing, repeated or out of order`, unit: 'deliveries', value, max: 0 };
}
