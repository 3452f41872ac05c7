/** The servers that are measured: how each is started on core 0 and where its players connect. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { colyseusSeats } from './colyseus-seats.ts';
import { compile, type LoadPlan } from './load.ts';
import { installPeers, type Need } from './needs.ts';
import { freePort, lineOf, pinned, SERVER_CORE } from './process.ts';
import { makeRooms } from './rooms.ts';

export interface RunningPeer {
  /** Of the server; what they start is found. */
  readonly pids: readonly number[];
  readonly speech: LoadPlan['speech'];
  readonly rooms: LoadPlan['rooms'];
  stop(): Promise<void>;
}

export interface Peer {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** What has been shown to a player survives a power cut. */
  readonly durable: boolean;
  /** Parts of the machine it takes. */
  readonly needs: readonly Need[];
  /** `folder` is the run's own and may be left dirty. */
  start(rooms: number, players: number, folder: string): Promise<RunningPeer>;
}

type Child = ReturnType<typeof pinned>;

/** As the peers say it: `ready <port>`. */
function readyPort(child: Child): Promise<number> {
  return lineOf(child.stdout, (line) => {
    const port = /^ready (\d+)/.exec(line)?.[1];
    return port === undefined ? null : Number(port);
  });
}

async function stop(child: Child): Promise<void> {
  child.kill();
  await child.exited;
}

type Path = (room: number) => string;
const slashR: Path = (room) => `/r/${room}`;

/** A server of one process that makes a room of every path it is asked for. */
async function relay(
  command: readonly string[],
  rooms: number,
  players: number,
  path: Path = slashR,
  speech: LoadPlan['speech'] = 'relay',
): Promise<RunningPeer> {
  const child = pinned(SERVER_CORE, command);
  const port = await readyPort(child);
  return {
    pids: [child.pid],
    speech,
    rooms: Array.from({ length: rooms }, (_, room) =>
      Array.from({ length: players }, () => ({ port, path: path(room), ticket: '' })),
    ),
    stop: () => stop(child),
  };
}

const limit: Peer = {
  name: 'limit',
  title: 'C epoll limit',
  durable: false,
  needs: ['gcc'],
  async start(rooms, players) {
    return relay([await compile('epoll-relay', ['bench/peers/epoll-relay.c'], [])], rooms, players);
  },
};

const bun: Peer = {
  name: 'bun',
  title: 'bare Bun',
  durable: false,
  needs: [],
  start: (rooms, players) => relay([process.execPath, 'bench/peers/bun-relay.ts'], rooms, players),
};

const bunDurable: Peer = {
  name: 'bun-durable',
  title: 'Bun, durable, bare',
  durable: true,
  needs: [],
  start: (rooms, players, folder) =>
    relay([process.execPath, 'bench/peers/bun-durable.ts', join(folder, 'messages')], rooms, players),
};

const nodeWs: Peer = {
  name: 'node-ws',
  title: 'Node + ws',
  durable: false,
  needs: ['node'],
  async start(rooms, players) {
    await installPeers();
    return relay(['node', 'bench/peers/node-ws.mjs'], rooms, players);
  },
};

const socketIo: Peer = {
  name: 'socketio',
  title: 'Socket.IO 4.8',
  durable: false,
  needs: ['node'],
  async start(rooms, players) {
    await installPeers();
    const path: Path = (room) => `/socket.io/?EIO=4&transport=websocket&room=${room}`;
    return relay(['node', 'bench/peers/socketio.mjs'], rooms, players, path, 'socketio');
  },
};

const colyseus: Peer = {
  name: 'colyseus',
  title: 'Colyseus 0.18',
  durable: false,
  needs: ['node'],
  async start(rooms, players) {
    await installPeers();
    const child = pinned(SERVER_CORE, ['node', 'bench/peers/colyseus.mjs'], { NODE_ENV: 'production' });
    return {
      pids: [child.pid],
      speech: 'colyseus',
      rooms: await colyseusSeats(await readyPort(child), rooms, players),
      stop: () => stop(child),
    };
  },
};

const model: Peer = {
  name: 'model',
  title: 'model design',
  durable: false,
  needs: ['python', 'redis'],
  async start(rooms, players, folder) {
    const directory = await mkdtemp(join(folder, 'redis-'));
    const port = freePort();
    // As it is usually run: on the disk within a second.
    const storing = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
    const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory];
    const redis = pinned(SERVER_CORE, ['redis-server', ...place, ...storing]);
    await lineOf(redis.stdout, (line) => (line.includes('Ready to accept connections') ? line : null));
    const relaying = await relay(['/usr/bin/python3', 'bench/peers/model.py', String(port)], rooms, players);
    return {
      ...relaying,
      pids: [...relaying.pids, redis.pid],
      async stop() {
        await relaying.stop();
        await stop(redis);
        await rm(directory, { recursive: true, force: true });
      },
    };
  },
};

const escapement: Peer = {
  name: 'escapement',
  title: 'Escapement',
  durable: true,
  needs: [],
  async start(rooms, players, folder) {
    const dataDir = await mkdtemp(join(folder, 'data-'));
    const places = await makeRooms(dataDir, rooms, players);
    const child = pinned(
      SERVER_CORE,
      [process.execPath, 'src/main.ts', 'start', 'game', 'archiver', '--port', '0', '--data-dir', dataDir],
      { ESCAPEMENT_SOCKETS_PER_ADDRESS: String(rooms * players) },
    );
    const port = Number(
      await lineOf(child.stdout, (line) => /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1] ?? null),
    );
    return {
      pids: [child.pid],
      speech: 'escapement',
      rooms: places.map((room) => room.map((place) => ({ ...place, port }))),
      async stop() {
        await stop(child);
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  },
};

/** For the reader of the results. */
export const OURS_RUNS_AS =
  'Escapement in the table is `escapement start game archiver` on the embedded default (journal and SQLite in a data folder on this' +
  ' disk); its bound of sockets per address is lifted, since all players come from one address.';

/** In the order of the table. */
export const PEERS: readonly Peer[] = [limit, bun, bunDurable, nodeWs, socketIo, colyseus, model, escapement];
