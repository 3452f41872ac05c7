/** A room server with a simulated clock and disk, and pages that a test controls frame by frame. */
import { encodeSend } from '../../../sdk/protocol/send.ts';
import { hello } from '../../../sdk/protocol/hello.ts';
import { ping } from '../../../sdk/protocol/ping.ts';
import { RecordKind, type LogRecord } from '../../../sdk/protocol/record.ts';
import { signal } from '../../../sdk/protocol/signal.ts';
import { PROTOCOL_VERSION } from '../../../sdk/protocol/version.ts';
import { signPass, TICKET_MS, type PassClaims, type PassKeys } from '../../../src/domain/pass.ts';
import { socketPath } from '../../../src/domain/room.ts';
import type { Journal } from '../../../src/ports/room-log/room-log.journal.ts';
import { createGame, type Game, type GameDeps } from '../../../src/services/game/game.ts';
import type { GameLimits } from '../../../src/services/game/limits.ts';
import type { SimulatedDiskOptions } from '../disks/disk.simulated.ts';
import { createJournalFixture, type JournalFixture } from './journal-fixture.ts';
import { MemoryRoomStore } from './room-store.memory.ts';
import { InstrumentedRoomLog } from './room-log.instrumented.ts';
import { TestPeer } from '../clients/test-peer.ts';
import type { SimulatedWorld } from './world.simulated.ts';

export const ROOM = 'a'.repeat(20);
export const OTHER_ROOM = 'b'.repeat(20);
export const SLOT = 'h1';
export const KEYS: PassKeys = { current: 'k1', keys: { k1: new Uint8Array(32).fill(1) } };

export interface PageOptions {
  readonly room?: string;
  readonly seat?: number;
  readonly observer?: boolean;
  readonly device?: string;
  readonly generation?: number;
  /** Each byte stands for a client id (`idOf`): first the page's own, then those it took over. */
  readonly ids?: readonly number[];
  readonly epoch?: number;
  readonly seq?: number;
  readonly version?: number;
  readonly credential?: string;
  readonly address?: string;
}

/** The client id for a byte: 16 times that byte. */
export function idOf(byte: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(16).fill(byte);
}

export function ticket(world: SimulatedWorld, options: PageOptions = {}): string {
  const { room = ROOM, seat = 1, observer = false, generation = 1 } = options;
  const claims: PassClaims = {
    room,
    seat: observer ? 0 : seat,
    observer,
    device: options.device ?? `device${seat}`,
    generation,
    expires: world.clock.now() + TICKET_MS,
  };
  return signPass(claims, KEYS);
}

export function helloFrame(world: SimulatedWorld, options: PageOptions = {}): Uint8Array<ArrayBuffer> {
  const { seat = 1, version = PROTOCOL_VERSION, ids = [seat], epoch = 0, seq = 0 } = options;
  return hello.encode({
    version,
    credential: options.credential ?? ticket(world, options),
    clients: ids.map((byte) => ({ id: idOf(byte) })),
    epoch,
    seq,
  });
}

/** A page: its socket, and helpers to send frames and read what it received. */
export class Page {
  readonly peer: TestPeer;
  private readonly world: SimulatedWorld;

  constructor(peer: TestPeer, world: SimulatedWorld) {
    this.peer = peer;
    this.world = world;
  }

  get closedWith(): number | null {
    return this.peer.closedWith;
  }

  hello(options: PageOptions = {}): void {
    this.peer.sendFromPage(helloFrame(this.world, options));
  }

  send(
    clientSeq: number,
    text = `m${clientSeq}`,
    { client = 0, kind = RecordKind.move }: { client?: number; kind?: number } = {},
  ): void {
    this.peer.sendFromPage(encodeSend({ client, clientSeq, kind, body: new TextEncoder().encode(text) }));
  }

  signal(...value: number[]): void {
    this.peer.sendFromPage(signal.encode({ value: Uint8Array.from(value) }));
  }

  ping(token: number): void {
    this.peer.sendFromPage(ping.encode({ token }));
  }

  /** All records received, in chunks and in `records` frames, in order of arrival. */
  records(): LogRecord[] {
    return this.peer
      .frames()
      .flatMap((frame) =>
        frame.name === 'records' || frame.name === 'chunk' ? [...frame.values.records] : [],
      );
  }

  /** Seqs of the records received. */
  seqs(): number[] {
    return this.records().map((record) => record.seq);
  }

  /** The texts of the moves received, in order; with `after` only those after that position (P21). */
  moves(after = 0): string[] {
    return this.records()
      .filter((record) => record.kind >= RecordKind.move && record.seq > after)
      .map((record) => new TextDecoder().decode(record.body));
  }

  /** Clears the frames received so far. */
  clearReceived(): void {
    this.peer.sent.length = 0;
  }
}

/** Sends `count` moves from client seq `from` on, each durable before the next. */
export async function play(fixture: GameFixture, page: Page, count: number, from = 1): Promise<void> {
  for (let seq = from; seq < from + count; seq++) {
    page.send(seq);
    await fixture.commit();
    // Stay below the rate limit.
    await fixture.world.advance(50);
  }
}

/** first, first + 1 … last. */
export function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

export interface GameFixture {
  readonly world: SimulatedWorld;
  readonly journal: JournalFixture;
  readonly store: MemoryRoomStore;
  readonly finished: string[];
  readonly broken: string[];
  log: InstrumentedRoomLog;
  game: Game;
  /** Opens a socket; sends no hello. */
  open(options?: PageOptions): Page;
  /** Opens a socket, sends hello, and waits until it is live (or closed). */
  join(options?: PageOptions): Promise<Page>;
  /** Advances the clock until everything accepted is durable and sent. */
  commit(): Promise<void>;
  /**
   * Simulates a power loss and a restart of the process. What was being written is lost, or with `random` in
   * part.
   */
  crash(loss?: 'everything' | 'random'): Promise<void>;
}

/** Longer than the journal collects a batch, shorter than any other timer. */
const COMMIT_MS = 10;

export async function createGameFixture(
  limits: Partial<GameLimits> = {},
  change: Partial<GameDeps> = {},
  disk: Partial<SimulatedDiskOptions> = {},
): Promise<GameFixture> {
  const journal = createJournalFixture(1, disk);
  const { world } = journal;
  const store = new MemoryRoomStore();
  store.addRoom(ROOM, world.clock.now());
  const finished: string[] = [];
  const broken: string[] = [];
  const start = (opened: Journal) => {
    const log = new InstrumentedRoomLog(opened);
    const game = createGame({
      world,
      log,
      store,
      keys: KEYS,
      slot: SLOT,
      limits,
      onFinish: (room) => finished.push(room),
      onBroken: (room, why) => broken.push(`${room}: ${why}`),
      ...change,
    });
    return { log, game };
  };
  const fixture: GameFixture = {
    world,
    journal,
    store,
    finished,
    broken,
    ...start(await journal.open()),
    open(options = {}) {
      const { room = ROOM, address = '10.0.0.1' } = options;
      const offer = { path: socketPath(SLOT, room), address, origin: null };
      return new Page(TestPeer.open(fixture.game.onUpgrade(offer), address), world);
    },
    async join(options = {}) {
      const page = fixture.open(options);
      page.hello(options);
      await fixture.commit();
      return page;
    },
    commit: () => world.advance(COMMIT_MS),
    async crash(loss = 'everything') {
      journal.powerCut(loss);
      Object.assign(fixture, start(await journal.open()));
    },
  };
  return fixture;
}
