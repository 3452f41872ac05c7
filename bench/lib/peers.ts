/** The servers of the table: how each is started on core 0, and where its players connect. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { takeColyseusSeats } from './colyseus-seats.ts';
import { compile, type LoadPlan } from './load-generator.ts';
import { installPeers, type Requirement } from './requirements.ts';
import { freePort, findLine, spawnPinned, SERVER_CORE } from './process.ts';
import { makeRooms } from './make-rooms.ts';

export interface RunningPeer {
  /** Of the server. Processes that these start are counted with them. */
  readonly pids: readonly number[];
  readonly protocol: LoadPlan['protocol'];
  readonly rooms: LoadPlan['rooms'];
  stop(): Promise<void>;
}

export interface Peer {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** A message is on the disk before a player sees it. */
  readonly durable: boolean;
  /** What the machine must have for it. */
  readonly requirements: readonly Requirement[];
  /** `folder` belongs to this run; what is left in it is removed by the caller. */
  start(rooms: number, players: number, folder: string): Promise<RunningPeer>;
}

type Child = ReturnType<typeof spawnPinned>;

/** The servers of bench/peers/ print `ready <port>` when they listen. */
function readyPort(child: Child): Promise<number> {
  return findLine(child.stdout, (line) => {
    const port = /^ready (\d+)/.exec(line)?.[1];
    return port === undefined ? null : Number(port);
  });
}

async function stopChild(child: Child): Promise<void> {
  child.kill();
  await child.exited;
}

type Path = (room: number) => string;
const roomPath: Path = (room) => `/r/${room}`;

/** A server of one process that makes a room for each path that is requested. */
async function startRelay(
  command: readonly string[],
  rooms: number,
  players: number,
  path: Path = roomPath,
  protocol: LoadPlan['protocol'] = 'relay',
): Promise<RunningPeer> {
  const child = spawnPinned(SERVER_CORE, command);
  const port = await readyPort(child);
  return {
    pids: [child.pid],
    protocol,
    rooms: Array.from({ length: rooms }, (_, room) =>
      Array.from({ length: players }, () => ({ port, path: path(room), ticket: '' })),
    ),
    stop: () => stopChild(child),
  };
}

const limit: Peer = {
  name: 'limit',
  title: 'C epoll limit',
  durable: false,
  requirements: ['gcc'],
  async start(rooms, players) {
    return startRelay([await compile('epoll-relay', ['bench/peers/epoll-relay.c'], [])], rooms, players);
  },
};

const bun: Peer = {
  name: 'bun',
  title: 'bare Bun',
  durable: false,
  requirements: [],
  start: (rooms, players) => startRelay([process.execPath, 'bench/peers/bun-relay.ts'], rooms, players),
};

const bunDurable: Peer = {
  name: 'bun-durable',
  title: 'Bun, durable, bare',
  durable: true,
  requirements: [],
  start: (rooms, players, folder) =>
    startRelay([process.execPath, 'bench/peers/bun-durable.ts', join(folder, 'messages')], rooms, players),
};

const nodeWs: Peer = {
  name: 'node-ws',
  title: 'Node + ws',
  durable: false,
  requirements: ['node'],
  async start(rooms, players) {
    await installPeers();
    return startRelay(['node', 'bench/peers/node-ws.mjs'], rooms, players);
  },
};

const socketIo: Peer = {
  name: 'socketio',
  title: 'Socket.IO 4.8',
  durable: false,
  requirements: ['node'],
  async start(rooms, players) {
    await installPeers();
    const path: Path = (room) => `/socket.io/?EIO=4&transport=websocket&room=${room}`;
    return startRelay(['node', 'bench/peers/socketio.mjs'], rooms, players, path, 'socketio');
  },
};

const colyseus: Peer = {
  name: 'colyseus',
  title: 'Colyseus 0.18',
  durable: false,
  requirements: ['node'],
  async start(rooms, players) {
    await installPeers();
    const child = spawnPinned(SERVER_CORE, ['node', 'bench/peers/colyseus.mjs'], { NODE_ENV: 'production' });
    return {
      pids: [child.pid],
      protocol: 'colyseus',
      rooms: await takeColyseusSeats(await readyPort(child), rooms, players),
      stop: () => stopChild(child),
    };
  },
};

const model: Peer = {
  name: 'model',
  title: 'model design',
  durable: false,
  requirements: ['python', 'redis'],
  async start(rooms, players, folder) {
    const directory = await mkdtemp(join(folder, 'redis-'));
    const port = freePort();
    // Redis as it is usually run: fsync once a second.
    const storing = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
    const address = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory];
    const redis = spawnPinned(SERVER_CORE, ['redis-server', ...address, ...storing]);
    await findLine(redis.stdout, (line) => (line.includes('Ready to accept connections') ? line : null));
    const relay = await startRelay(
      ['/usr/bin/python3', 'bench/peers/model.py', String(port)],
      rooms,
      players,
    );
    return {
      ...relay,
      pids: [...relay.pids, redis.pid],
      async stop() {
        await relay.stop();
        await stopChild(redis);
        await rm(directory, { recursive: true, force: true });
      },
    };
  },
};

const escapement: Peer = {
  name: 'escapement',
  title: 'Escapement',
  durable: true,
  requirements: [],
  async start(rooms, players, folder) {
    const dataDir = await mkdtemp(join(folder, 'data-'));
    const made = await makeRooms(dataDir, rooms, players);
    const child = spawnPinned(
      SERVER_CORE,
      [process.execPath, 'src/main.ts', 'start', 'game', 'archiver', '--port', '0', '--data-dir', dataDir],
      { ESCAPEMENT_SOCKETS_PER_ADDRESS: String(rooms * players) },
    );
    const port = Number(
      await findLine(child.stdout, (line) => /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1] ?? null),
    );
    return {
      pids: [child.pid],
      protocol: 'escapement',
      rooms: made.map((room) => room.map((player) => ({ ...player, port }))),
      async stop() {
        await stopChild(child);
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  },
};

/** Printed with the results. */
export const ESCAPEMENT_SETUP =
  'Escapement in the table is `escapement start game archiver` on the embedded default (journal and SQLite in a data folder on this' +
  ' disk); its limit of sockets per address is raised, because all players connect from one address.';

/** In the order of the table. */
export const PEERS: readonly Peer[] = [limit, bun, bunDurable, nodeWs, socketIo, colyseus, model, escapement];
