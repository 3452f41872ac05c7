/**
 * Sockets that never read a byte, during live play and during replay: the server lets them go (P54,
 * P23), its memory stays flat, and a room beside them plays on. The control does without the
 * knowledge that a socket is behind: then all that they do not read piles up in the server.
 */
import { afterEach, expect, test } from 'bun:test';
import { socketPath } from '../../src/domain/room.ts';
import { RawPlayer } from '../support/raw-player.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { helloFor, SLOT, ticketFor } from '../support/real-game.ts';
import type { Removed } from '../support/room-server.shared.ts';
import { type RoomServer, startRoomServer } from '../support/room-server.ts';
import { SdkPage, wrongWith } from '../support/sdk-page.ts';

const TEST_MS = 120_000;
const LOUD = 'l'.repeat(20);
const QUIET = 'q'.repeat(20);
const SENDERS = 4;
const NEVER_READING = 20;
const MOVE_BYTES = 4_000;
/** What each of them leaves unread: more than the kernel keeps for a connection, by far. */
const UNREAD_MB = 24;
/** Higher than in earnest, so that the loud room gets loud within seconds. */
const LIMITS = { messageRate: 400, messageBurst: 400 };
/** The minute after which a replay that stands still is given up takes six seconds. */
const SPEED = 10;
/** Twenty times the cap of a socket is 40 MB; the rest is what any busy server needs for a while. */
const GROWTH_MB_MAX = 120;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Seen {
  /** Most that the server's memory grew, in MB, while they did not read: live play, then replay. */
  readonly live: number;
  readonly replay: number;
  /** What was wrong in the room beside them. */
  readonly wrong: readonly string[];
  readonly movesBeside: number;
}

/** `when` = whether they are there during live play, or come for the replay, or both. */
async function neverRead(removed: Removed | null, ...when: ('live' | 'replay')[]): Promise<Seen> {
  const server = await startRoomServer({ limits: LIMITS, rooms: [LOUD, QUIET], speed: SPEED, removed });
  undo.push(() => server.stop());
  const beside = [1, 2].map((seat) => quietPage(server.port, seat));
  await Promise.all(beside.map((page) => page.live()));
  for (const page of beside) page.play(50);
  const room = { server, beside: beside.length };

  const before = when.includes('live') ? await joinUnread(server.port) : [];
  const loud = await shout(server.port, UNREAD_MB);
  const live = await growth(room, async () => {
    await loud.done();
    return removed !== null || (await server.counts()).sockets === room.beside + SENDERS;
  });
  loud.stop();
  for (const socket of before) socket.destroy();
  await gone(room);

  const moves = beside[0]!.order.length;
  const late = when.includes('replay') ? await joinUnread(server.port) : [];
  const settled = removed === null ? () => empty(room) : () => Bun.sleep(1_000).then(() => true);
  const replay = await growth(room, settled);
  for (const socket of late) socket.destroy();
  await beside[0]!.until(() => beside[0]!.order.length > moves + 10);
  const wrong = await wrongWith(beside);
  return { live, replay, wrong, movesBeside: beside[0]!.order.length };
}

function quietPage(port: number, seat: number): SdkPage {
  const socket = `ws://127.0.0.1:${port}${socketPath(SLOT, QUIET)}`;
  const join = async () => ({ ok: true as const, socket, ticket: ticketFor(QUIET, { seat }) });
  const page = new SdkPage({ name: `${seat}`, join });
  undo.push(() => page.close());
  return page;
}

/** Sockets in the loud room that say hello and never read. */
async function joinUnread(port: number): Promise<readonly RawSocket[]> {
  const sockets = Array.from({ length: NEVER_READING }, async (_, n) => {
    const socket = await RawSocket.open({ port, path: socketPath(SLOT, LOUD), neverReads: true });
    undo.push(() => socket.destroy());
    socket.sendBinary(helloFor(LOUD, { seat: 10, id: n }));
    return socket;
  });
  return Promise.all(sockets);
}

/** Players of the loud room, until so much was sent to every socket there. */
async function shout(port: number, megabytes: number): Promise<{ done(): Promise<void>; stop(): void }> {
  const wanted = (megabytes * 2 ** 20) / MOVE_BYTES / SENDERS;
  const players = Array.from({ length: SENDERS }, (_, n) => {
    const options = { port, room: LOUD, seat: n + 1, length: MOVE_BYTES, window: 4 };
    const player: RawPlayer = new RawPlayer({ ...options, going: () => player.sent < wanted });
    return player;
  });
  for (const player of players) await player.start();
  const stop = () => {
    for (const player of players) player.stop();
  };
  undo.push(stop);
  return {
    async done() {
      while (players.some(({ echoed, sent }) => echoed < sent || sent < wanted)) await Bun.sleep(20);
    },
    stop,
  };
}

interface Room {
  readonly server: RoomServer;
  /** Sockets that are not in the loud room. */
  readonly beside: number;
}

/** Looks at the memory of the server until it is so; answers how much it grew at most. */
async function growth({ server }: Room, met: () => Promise<boolean>): Promise<number> {
  const { residentMb } = await server.counts();
  let most = 0;
  for (;;) {
    const over = await met();
    most = Math.max(most, (await server.counts()).residentMb - residentMb);
    if (over) return most;
    await Bun.sleep(100);
  }
}

async function empty({ server, beside }: Room): Promise<boolean> {
  return (await server.counts()).sockets === beside;
}

async function gone(room: Room): Promise<void> {
  while (!(await empty(room))) await Bun.sleep(50);
}

test(
  'P23 P54 twenty sockets that never read are let go, memory stays flat, and a room beside plays on',
  async () => {
    const { live, replay, wrong, movesBeside } = await neverRead(null, 'live', 'replay');
    expect(live).toBeLessThan(GROWTH_MB_MAX);
    expect(replay).toBeLessThan(GROWTH_MB_MAX);
    expect(wrong).toEqual([]);
    expect(movesBeside).toBeGreaterThan(20);
  },
  TEST_MS,
);

test(
  'control: if the server did not know who is behind, its memory would fill with what they do not read',
  async () => {
    const { live } = await neverRead('congestion', 'live');
    expect(live).toBeGreaterThan(GROWTH_MB_MAX);
    const { replay } = await neverRead('congestion', 'replay');
    expect(replay).toBeGreaterThan(GROWTH_MB_MAX);
  },
  TEST_MS,
);
