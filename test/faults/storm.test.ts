/**
 * A reconnect storm: thousands of players lose their connection at the same moment, as when a switch
 * restarts, and all come back with backoff and jitter. All of them are back, nothing that they made is
 * lost or comes twice, the limits that keep out attackers do not keep out schools of players, the
 * database is asked nothing, and the server's memory is what it was.
 *
 * A thousand sockets in the short form, ten thousand in the full one; 300 stand behind each address.
 */
import { afterEach, expect, test } from 'bun:test';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { socketPath } from '../../src/domain/room.ts';
import { closeVerdict } from '../../sdk/protocol/close-codes.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import { Reader } from '../../sdk/protocol/bytes.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { decodeDown, type DownFrame } from '../support/down-frames.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { SLOT, ticketFor } from '../support/real-game.ts';
import type { RoomServerOptions } from '../support/room-server.shared.ts';
import { type RoomServer, startRoomServer } from '../support/room-server.ts';
import { rounds } from '../support/rounds.ts';

const PLAYERS = rounds(1_000, 10_000);
const PLAYERS_CONTROL = 600;
const PER_ROOM = 4;
/** A school. */
const PER_ADDRESS = 300;
const TEST_MS = 300_000;
/** As pages do it: full jitter, twice as long after each failure. */
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/** All are back within it: by far more than it takes, since this machine may be busy. */
const BACK_MS = 120_000;
/** Beside what as many sockets took before: for a moment there were old and new ones, and the rest is noise. */
const GROWTH_MB_MAX = rounds(60, 120);

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A page as small as can be: it makes two moves, one before its connection is cut and one after. */
class SmallPage {
  /** `number/clientSeq` of all moves, in order. */
  readonly log: string[] = [];
  readonly wrong: string[] = [];
  live = false;
  /** Connections that were declined or that ended. */
  failures = 0;
  made = 0;
  private settled = 0;
  private pass = '';
  private epoch = 0;
  private seq = 0;
  private number = 0;
  private socket: RawSocket | null = null;
  private wentLive = () => {};
  private readonly server: RoomServer;
  private readonly room: string;
  private readonly seat: number;
  private readonly address: string;
  private readonly id = crypto.getRandomValues(new Uint8Array(16));

  constructor(server: RoomServer, index: number) {
    this.server = server;
    this.room = roomOf(Math.floor(index / PER_ROOM));
    this.seat = 1 + (index % PER_ROOM);
    this.address = `10.0.${Math.floor(index / PER_ADDRESS)}.1`;
  }

  get echoed(): boolean {
    return this.settled === this.made;
  }

  /** Comes in, however often it takes; false when it is told not to come back, or `until` has passed. */
  async enter(until: number): Promise<boolean> {
    for (let attempt = 0; performance.now() < until; attempt++) {
      const left = Math.max(0, until - performance.now());
      if (attempt > 0) await Bun.sleep(Math.min(left, Math.random() * backoff(attempt)));
      if (await this.attempt()) return true;
    }
    return false;
  }

  /** The network is gone, at both ends. */
  cut(): void {
    this.socket?.reset();
    this.socket = null;
    this.live = false;
  }

  move(): void {
    this.made++;
    this.send();
  }

  private async attempt(): Promise<boolean> {
    const path = socketPath(SLOT, this.room);
    const headers = { 'X-Forwarded-For': this.address };
    try {
      const onFrame = (frame: Uint8Array) => this.take(decodeDown(frame));
      this.socket = await RawSocket.open({ port: this.server.port, path, headers, onFrame });
    } catch {
      this.failures++;
      return false;
    }
    const credential = this.pass || ticketFor(this.room, { seat: this.seat });
    const clients = [{ id: this.id }];
    const { epoch, seq } = this;
    this.socket.sendBinary(hello.encode({ version: PROTOCOL_VERSION, credential, clients, epoch, seq }));
    const entered = new Promise<null>((resolve) => (this.wentLive = () => resolve(null)));
    const code = await Promise.race([this.socket.closed, entered]);
    if (code === null) return true;
    this.failures++;
    if (closeVerdict(code) === 'stop') this.wrong.push(`closed with ${code}`);
    return false;
  }

  /** What was not seen echoed. */
  private send(): void {
    for (let clientSeq = this.settled + 1; clientSeq <= this.made; clientSeq++) {
      const body = new Uint8Array(8);
      this.socket?.sendBinary(encodeSend({ client: 0, clientSeq, kind: RecordKind.move, body }));
    }
  }

  private take(frame: DownFrame): void {
    if (frame.name === 'welcome') {
      this.pass = frame.values.pass;
      if (frame.values.resumed === 0 && this.seq > 0) this.wrong.push('a reset');
      const [own] = frame.values.clients;
      this.number = own?.number ?? 0;
    }
    if (frame.name === 'live') {
      this.live = true;
      this.wentLive();
      this.send();
    }
    if (frame.name !== 'records') return;
    for (const { seq, kind, client, clientSeq, body } of frame.values.records) {
      if (seq <= this.seq && !this.live) continue;
      if (seq !== this.seq + 1) this.wrong.push(`entry ${seq} after ${this.seq}`);
      this.seq = seq;
      if (kind === RecordKind.epoch) this.epoch = new Reader(body).varint();
      if (kind === RecordKind.client && Buffer.from(body).equals(this.id)) this.number = client;
      if (kind !== RecordKind.move) continue;
      this.log.push(`${client}/${clientSeq}`);
      if (client === this.number) this.settled = clientSeq;
    }
  }
}

function backoff(attempt: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt);
}

function roomOf(index: number): string {
  return index.toString(36).padStart(20, '0');
}

interface Storm {
  readonly pages: readonly SmallPage[];
  /** How many are back. */
  readonly back: number;
  /** Of the database: until all were in for the first time, and for all that came then. */
  readonly queriesBefore: number;
  readonly queriesAfter: number;
  readonly growthMb: number;
  /** That the server believes in, in the end. */
  readonly sockets: number;
  readonly failures: number;
}

async function storm(players: number, change: Partial<RoomServerOptions>, backMs = BACK_MS): Promise<Storm> {
  const rooms = Array.from({ length: Math.ceil(players / PER_ROOM) }, (_, index) => roomOf(index));
  const server = await startRoomServer({ rooms, ...change });
  undo.push(() => server.stop());
  const pages = Array.from({ length: players }, (_, index) => new SmallPage(server, index));
  undo.push(() => {
    for (const page of pages) page.cut();
  });
  await within(backMs, pages, (page, until) => page.enter(until));
  for (const page of pages) if (page.live) page.move();
  await echoes(pages);
  const before = await server.counts();
  // On its way when the connection goes: nobody knows whether it arrived.
  for (const page of pages) page.move();
  for (const page of pages) page.cut();
  const back = await within(backMs, pages, async (page, until) => {
    await Bun.sleep(Math.random() * BACKOFF_FIRST_MS);
    return page.enter(until);
  });
  if (back === players) await echoes(pages);
  const after = await server.counts();
  return {
    pages,
    back,
    queriesBefore: total(before.queries),
    queriesAfter: total(after.queries) - total(before.queries),
    growthMb: after.residentMb - before.residentMb,
    sockets: after.sockets,
    failures: after.failures,
  };
}

/** Does it for all pages at once; answers for how many it was done in time. */
async function within(
  ms: number,
  pages: readonly SmallPage[],
  work: (page: SmallPage, until: number) => Promise<boolean>,
): Promise<number> {
  const until = performance.now() + ms;
  const done = await Promise.all(pages.map((page) => work(page, until)));
  return done.filter(Boolean).length;
}

async function echoes(pages: readonly SmallPage[]): Promise<void> {
  while (pages.some((page) => page.live && !page.echoed)) await Bun.sleep(20);
}

function total(queries: { readonly [name: string]: number }): number {
  return Object.values(queries).reduce((sum, count) => sum + count, 0);
}

/** What is wrong with what the pages of each room saw. */
async function wrongIn(pages: readonly SmallPage[]): Promise<readonly string[]> {
  const wrong = pages.flatMap((page) => page.wrong);
  for (let first = 0; first < pages.length; first += PER_ROOM) {
    const team = pages.slice(first, first + PER_ROOM);
    const moves = team.reduce((sum, { made }) => sum + made, 0);
    while (team.some(({ log }) => log.length < moves)) await Bun.sleep(20);
    const logs = new Set(team.map(({ log }) => log.join(' ')));
    if (logs.size > 1) wrong.push(`the pages of room ${first / PER_ROOM} saw different logs`);
    if (new Set(team[0]?.log).size !== moves)
      wrong.push(`room ${first / PER_ROOM} has a move twice or not at all`);
  }
  return wrong;
}

test(
  `${PLAYERS} players cut off at once: all come back, nothing is lost or repeated, and the database is not asked`,
  async () => {
    const { pages, back, queriesBefore, queriesAfter, growthMb, sockets, failures } = await storm(
      PLAYERS,
      {},
    );
    expect(back).toBe(PLAYERS);
    expect(await wrongIn(pages)).toEqual([]);
    expect(pages.every(({ made }) => made === 2)).toBe(true);
    // Once for each room, when it was loaded, and not much beside.
    expect(queriesBefore).toBeLessThanOrEqual((3 * PLAYERS) / PER_ROOM);
    expect(queriesAfter).toBe(0);
    expect(growthMb).toBeLessThan(GROWTH_MB_MAX);
    expect([sockets, failures]).toEqual([PLAYERS, 0]);
  },
  TEST_MS,
);

test(
  'control: with room for fewer than stand behind one address, not all come back',
  async () => {
    const limits = { socketsPerAddressMax: PER_ADDRESS / 3 };
    expect((await storm(PLAYERS_CONTROL, { limits }, 1_500)).back).toBeLessThan(PLAYERS_CONTROL);
  },
  TEST_MS,
);

test(
  'control: a server that asks the database about each socket would ask it thousands of times',
  async () => {
    const { back, queriesAfter } = await storm(PLAYERS_CONTROL, { removed: 'memory-of-rooms' });
    expect(back).toBe(PLAYERS_CONTROL);
    expect(queriesAfter).toBeGreaterThanOrEqual(PLAYERS_CONTROL);
  },
  TEST_MS,
);
