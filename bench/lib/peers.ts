/** The servers that are measured: how each is started on core 0 and where its players connect. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadPlan } from './load.ts';
import { lineOf, pinned } from './process.ts';
import { makeRooms } from './rooms.ts';

export interface RunningPeer {
  /** Of the server; what they start is found. */
  readonly pids: readonly number[];
  readonly speech: LoadPlan['speech'];
  readonly rooms: LoadPlan['rooms'];
  stop(): Promise<void>;
}

export type Peer = (rooms: number, players: number, folder: string) => Promise<RunningPeer>;

const SERVER_CORE = 0;

export const bunRelay: Peer = async (rooms, players) => {
  const child = pinned(SERVER_CORE, [process.execPath, 'bench/peers/bun-relay.ts']);
  const port = await lineOf(child.stdout, (line) => /^ready (\d+)/.exec(line)?.[1] ?? null);
  return {
    pids: [child.pid],
    speech: 'relay',
    rooms: Array.from({ length: rooms }, (_, room) =>
      Array.from({ length: players }, () => ({ port: Number(port), path: `/r/${room}`, ticket: '' })),
    ),
    async stop() {
      child.kill();
      await child.exited;
    },
  };
};

export const escapement: Peer = async (rooms, players, folder) => {
  const dataDir = await mkdtemp(join(folder, 'data-'));
  await mkdir(dataDir, { recursive: true });
  const places = await makeRooms(dataDir, rooms, players);
  const child = pinned(
    SERVER_CORE,
    [process.execPath, 'src/main.ts', 'start', 'game', 'archiver', '--port', '0', '--data-dir', dataDir],
    { ESCAPEMENT_SOCKETS_PER_ADDRESS: String(rooms * players) },
  );
  const port = await lineOf(child.stdout, (line) => /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1] ?? null);
  return {
    pids: [child.pid],
    speech: 'escapement',
    rooms: places.map((room) => room.map((place) => ({ ...place, port: Number(port) }))),
    async stop() {
      child.kill();
      await child.exited;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
