/** A room server with real sockets, the real clock, and a journal in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hello } from '../../../sdk/protocol/hello.ts';
import { FRAME_BYTES_HARD } from '../../../sdk/protocol/limits.ts';
import { PROTOCOL_VERSION } from '../../../sdk/protocol/version.ts';
import { signPass, TICKET_MS, type PassKeys } from '../../../src/domain/pass.ts';
import { socketPath } from '../../../src/domain/room.ts';
import { lockFile } from '../../../src/lib/lock.real.ts';
import type { World } from '../../../src/lib/world.ts';
import { realWorld } from '../../../src/lib/world.real.ts';
import { bunFrontend } from '../../../src/ports/frontend/frontend.bun.ts';
import { createRealDisk } from '../../../src/ports/room-log/journal/disk.real.ts';
import { openJournal } from '../../../src/ports/room-log/room-log.journal.ts';
import type { RoomLog } from '../../../src/ports/room-log/room-log.ts';
import { createGame, type Game } from '../../../src/services/game/game.ts';
import type { GameLimits } from '../../../src/services/game/limits.ts';
import { MemoryRoomStore } from './room-store.memory.ts';
import { RawSocket, type RawSocketOptions } from '../clients/raw-socket.ts';

const KEYS: PassKeys = { current: 'k1', keys: { k1: new Uint8Array(32).fill(1) } };
/** The slot in the paths of its sockets. */
export const SLOT = 'h1';

interface TicketOptions {
  readonly seat?: number;
  readonly observer?: boolean;
  /** Expiry of the ticket, wall clock ms. */
  readonly expires?: number;
}

export interface HelloOptions extends TicketOptions {
  /** The client id is 16 times this byte. */
  readonly id?: number;
  readonly version?: number;
  readonly credential?: string;
  readonly epoch?: number;
  readonly seq?: number;
}

export interface RealGame {
  readonly port: number;
  readonly game: Game;
  readonly log: RoomLog;
  readonly store: MemoryRoomStore;
  /** Errors thrown by handlers, which are bugs; must stay empty. */
  readonly failures: unknown[];
  addRoom(id: string): void;
  open(room: string, options?: Partial<RawSocketOptions>): Promise<RawSocket>;
  hello(room: string, options?: HelloOptions): Uint8Array<ArrayBuffer>;
  /** Stops the server as its process would, and starts another one on the same folder. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Replacements and wrappers of the server's parts. */
export interface RealGameOptions {
  /** Wraps the log of the rooms; called again after a restart. */
  readonly wrapLog?: (journal: RoomLog) => RoomLog;
  /** Wraps the upgrade handler. */
  readonly wrapUpgrade?: (sockets: Game['onUpgrade']) => Game['onUpgrade'];
  /** Number of trusted proxies that append to X-Forwarded-For; default 0. */
  readonly trustedProxies?: number;
  /** The world of the rooms; the journal always has the real one. */
  readonly world?: World;
}

export async function startRealGame(
  limits: Partial<GameLimits> = {},
  options: RealGameOptions = {},
): Promise<RealGame> {
  const directory = mkdtempSync(join(tmpdir(), 'escapement-game-'));
  const store = new MemoryRoomStore();
  const failures: unknown[] = [];
  const sockets: RawSocket[] = [];
  const start = () => startServer({ directory, store, limits, failures, options });
  let server = await start();
  const real: RealGame = {
    game: server.game,
    log: server.log,
    get port() {
      return server.frontend.port;
    },
    store,
    failures,
    addRoom: (id) => void store.addRoom(id, realWorld.clock.now()),
    async open(room, socketOptions = {}) {
      const path = socketPath(SLOT, room);
      const socket = await RawSocket.open({ port: server.frontend.port, path, ...socketOptions });
      sockets.push(socket);
      return socket;
    },
    hello: helloFor,
    async restart() {
      await server.stop();
      server = await start();
      Object.assign(real, { game: server.game, log: server.log });
    },
    async stop() {
      await server.stop();
      for (const socket of sockets) socket.destroy();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return real;
}

/** A ticket as a join call returns it. */
export function ticketFor(room: string, { seat = 1, observer = false, ...rest }: TicketOptions = {}): string {
  const expires = rest.expires ?? realWorld.clock.now() + TICKET_MS;
  const device = `d${seat}`;
  const claims = { room, seat: observer ? 0 : seat, observer, device, generation: 1, expires };
  return signPass(claims, KEYS);
}

/** The hello of a page of that seat. */
export function helloFor(
  room: string,
  { seat = 1, id = seat, version = PROTOCOL_VERSION, ...rest }: HelloOptions = {},
): Uint8Array<ArrayBuffer> {
  const credential = rest.credential ?? ticketFor(room, { ...rest, seat });
  const clients = [{ id: new Uint8Array(16).fill(id) }];
  return hello.encode({ version, credential, clients, epoch: rest.epoch ?? 0, seq: rest.seq ?? 0 });
}

interface ServerOptions {
  readonly directory: string;
  readonly store: MemoryRoomStore;
  readonly limits: Partial<GameLimits>;
  readonly failures: unknown[];
  readonly options: RealGameOptions;
}

async function startServer({ directory, store, limits, failures, options }: ServerOptions) {
  const { world = realWorld } = options;
  const opened = await openJournal({
    disk: createRealDisk(),
    directory,
    world: realWorld,
    lock: lockFile,
    fatal(error) {
      throw error;
    },
    limits: { stepBytes: 1024 * 1024 },
  });
  if (!opened.ok) throw new Error(opened.message);
  const { journal } = opened;
  const log = options.wrapLog?.(journal) ?? journal;
  const game = createGame({
    world,
    log,
    store,
    keys: KEYS,
    slot: SLOT,
    limits,
    onFinish: () => {},
    onBroken: () => {},
  });
  const frontend = bunFrontend(
    {
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => new Response('page'),
      onUpgrade: options.wrapUpgrade?.(game.onUpgrade) ?? game.onUpgrade,
      trustedProxies: options.trustedProxies ?? 0,
      frameBytesMax: FRAME_BYTES_HARD,
      onError: (error) => failures.push(error),
    },
    realWorld.timers,
  );
  const stop = async () => {
    await game.stop();
    await frontend.stop(0);
    await journal.close();
  };
  return { log, game, frontend, stop };
}
