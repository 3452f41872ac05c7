/** A data folder with rooms, the program that serves them, and a measured load on them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadPlan, LoadPhase, Endpoint } from '../lib/load-generator.ts';
import { measurePlan, type Sample } from '../lib/measure.ts';
import { makeRooms, type PlayerTicket } from '../lib/make-rooms.ts';
import type { Line } from '../lib/verdict.ts';
import { log } from './standalone.ts';
import { type LineServerOptions, startLineServer } from './line-server.ts';

export const PLAYERS = 4;
export const BODY_BYTES = 135;
export const WARM_UP_MS = 2_000;
/** Time for a server to catch up after the measured stretch: late deliveries must not count as missing. */
const SETTLE_MS = 20_000;
/** An address has about 28,000 ports for connections. */
const PLAYERS_PER_SOURCE = 20_000;

export interface ServerWithRoomsOptions {
  readonly rooms: number;
  readonly players?: number;
  /** Game processes, which get the rooms round robin; 0 = the main process serves them. */
  readonly processes?: number;
  readonly services?: LineServerOptions['services'];
  readonly env?: LineServerOptions['env'];
}

export interface ServerWithRooms {
  readonly dataDir: string;
  readonly rooms: readonly (readonly Endpoint[])[];
  /** Processes that these start are counted with them. */
  readonly pids: readonly number[];
  /** Kills all processes of the program and starts it again on the same ports; resolves when it listens. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startServerWithRooms(
  options: ServerWithRoomsOptions,
  folder: string,
): Promise<ServerWithRooms> {
  const { rooms, players = PLAYERS, processes = 0, services = ['game', 'archiver'], env = {} } = options;
  const dataDir = await mkdtemp(join(folder, 'rooms-'));
  const made = await makeRooms(dataDir, rooms, players);
  const serverOptions: LineServerOptions = { dataDir, services, processes, env };
  let server = await startLineServer(serverOptions);
  const { port, pid } = server;
  return {
    dataDir,
    rooms: made.map((room, index) => room.map((player) => endpointOf(port, player, index, processes))),
    pids: [pid],
    async killAndRestart() {
      await server.kill();
      server = await startLineServer({ ...serverOptions, port });
    },
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** `room` is the index of the room. Slot h1 has the first port after the main process's. */
function endpointOf(port: number, { path, ticket }: PlayerTicket, room: number, processes: number): Endpoint {
  if (processes === 0) return { port, path, ticket };
  const slot = 1 + (room % processes);
  return { port: port + slot, path: path.replace('/h/h1/', `/h/h${slot}/`), ticket };
}

/** The load of a line. `rate`: messages per second of all rooms together. */
export type LineLoad = Pick<LoadPlan, 'rate' | 'cursors' | 'reconnect'> & { readonly seconds: number };

/** Runs the load on the server and logs the main figures. */
export async function measureLoad(
  { rooms, pids }: Pick<ServerWithRooms, 'rooms' | 'pids'>,
  { seconds, ...load }: LineLoad,
  folder: string,
  onPhase?: (phase: LoadPhase) => void,
): Promise<Sample> {
  const plan: LoadPlan = {
    protocol: 'escapement',
    bodyBytes: BODY_BYTES,
    warmUpMs: WARM_UP_MS,
    measureMs: seconds * 1_000,
    rooms,
    settleMs: SETTLE_MS,
    sources: sourcesFor(rooms),
    ...load,
  };
  const sample = await measurePlan(plan, pids, folder, onPhase);
  const { cpu, p50, p99, deliveriesPerSecond, memoryMb, report } = sample;
  log(
    `${rooms.length} rooms, ${deliveriesPerSecond.toFixed(0)} deliveries/s: CPU ${cpu.toFixed(2)}, ` +
      `p50 ${p50} ms, p99 ${p99} ms, ${memoryMb.toFixed(0)} MB; generator late p99 ${report.lateP99} ms`,
  );
  const { firstFault, refused, holds, expects, closed } = report;
  if (firstFault) log(`first fault: ${firstFault}`);
  if (refused + holds + expects + closed > 0) log(JSON.stringify({ refused, holds, expects, closed }));
  return sample;
}

/** The number of source addresses that these players need. */
export function sourcesFor(rooms: ServerWithRooms['rooms']): number {
  return Math.ceil(rooms.flat().length / PLAYERS_PER_SOURCE);
}

/** Runs the load on a new server with new rooms: the load generator only knows messages of its own run. */
export async function measureOnce(
  options: ServerWithRoomsOptions,
  load: LineLoad,
  folder: string,
): Promise<Sample> {
  const server = await startServerWithRooms(options, folder);
  try {
    return await measureLoad(server, load, folder);
  } finally {
    await server.stop();
  }
}

/** The line for faults of the samples: the other figures mean something only if this one is 0. */
export function noFaults(name: string, samples: readonly Sample[]): Line {
  const value = samples.reduce((sum, { faults, missing }) => sum + faults + missing, 0);
  return { name: `${name}: missing, repeated or out of order`, unit: 'deliveries', value, max: 0 };
}
