/**
 * Sockets that never read a byte, during live play and during replay: the server lets them go (P54,
 * P23), its memory stays flat, and a room beside them plays on. The control does without the
 * knowledge that a socket is behind: then all that they do not read piles up in the server.
 */
import { afterEach, expect, test } from 'bun:test';
import { Close } from '../../sdk/protocol/close-codes.ts';
import { socketPath } from '../../src/domain/room.ts';
import { RawPlayer } from '../support/clients/raw-player.ts';
import { Opcode, RawSocket } from '../support/clients/raw-socket.ts';
import { helloFor, SLOT, ticketFor } from '../support/in-process/real-game.ts';
import type { Removed } from '../support/processes/room-server.shared.ts';
import { startRoomServer } from '../support/processes/room-server.ts';
import { SdkPage, wrongWith } from '../support/clients/sdk-page.ts';

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
const SPEED = { live: 1, replay: 10 };
/** Once in a heartbeat: who is not heard at all is let go for that (P49), and not for what it does not read. */
const ALIVE_MS = 15_000;
/** Twenty times the cap of a socket is 40 MB; the rest is what any busy server needs for a while. */
const GROWTH_MB_MAX = 120;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Seen {
  /** Most that the server's memory grew while they did not read, in MB. */
  readonly growthMb: number;
  /** How the server ended their sockets. */
  readonly closes: readonly number[];
  /** What was wrong in the room beside them. */
  readonly wrong: readonly string[];
  readonly movesBeside: number;
}

/** They are there during live play, or come when it is over, for the replay. */
async function neverRead(when: keyof typeof SPEED, removed: Removed | null): Promise<Seen> {
  const speed = SPEED[when];
  const server = await startRoomServer({ limits: LIMITS, rooms: [LOUD, QUIET], speed, removed });
  undo.push(() => server.stop());
  const beside = [1, 2].map((seat) => quietPage(server.port, seat));
  await Promise.all(beside.map((page) => page.live()));
  for (const page of beside) page.play(50);

  const early = when === 'live' ? await joinUnread(server.port, speed) : [];
  const loud = await shout(server.port);
  if (when === 'replay') await loud();
  const ended = (await server.counts()).closes.length;
  const { residentMb } = await server.counts();
  const late = when === 'replay' ? await joinUnread(server.port, speed) : [];
  const done = when === 'live' ? loud() : Promise.resolve();
  let growthMb = 0;
  let closes: readonly number[] = [];
  // What is not behind is never let go: then it is over when all was said, or memory is full enough.
  const over = () => closes.length >= NEVER_READING || (removed !== null && growthMb > GROWTH_MB_MAX);
  for (let said = false; !over() && !(removed !== null && said);) {
    said =
      (await Promise.race([done.then(() => Bun.sleep(2_000)).then(() => true), Bun.sleep(100)])) === true;
    const counts = await server.counts();
    closes = counts.closes.slice(ended);
    growthMb = Math.max(growthMb, counts.residentMb - residentMb);
  }
  for (const socket of [...early, ...late]) socket.destroy();
  const [first] = beside;
  const moves = first!.order.length;
  await first!.until(() => first!.order.length > moves + 10);
  return { growthMb, closes, wrong: await wrongWith(beside), movesBeside: first!.order.length };
}

function quietPage(port: number, seat: number): SdkPage {
  const socket = `ws://127.0.0.1:${port}${socketPath(SLOT, QUIET)}`;
  const join = async () => ({ ok: true as const, socket, ticket: ticketFor(QUIET, { seat }) });
  const page = new SdkPage({ name: `${seat}`, join });
  undo.push(() => page.close());
  return page;
}

/** Sockets in the loud room that say hello and never read, and give a sign of life now and then all the same. */
async function joinUnread(port: number, speed: number): Promise<readonly RawSocket[]> {
  const sockets = Array.from({ length: NEVER_READING }, async (_, n) => {
    const socket = await RawSocket.open({ port, path: socketPath(SLOT, LOUD), neverReads: true });
    undo.push(() => socket.destroy());
    socket.sendBinary(helloFor(LOUD, { seat: 10 + n, id: n }));
    const alive = setInterval(() => socket.sendFrame(Opcode.pong, new Uint8Array(0)), ALIVE_MS / speed);
    undo.push(() => clearInterval(alive));
    return socket;
  });
  return Promise.all(sockets);
}

/** Players come into the loud room; the answer waits until they have said all and gone. */
async function shout(port: number): Promise<() => Promise<void>> {
  const wanted = (UNREAD_MB * 2 ** 20) / MOVE_BYTES / SENDERS;
  const players = Array.from({ length: SENDERS }, (_, n) => {
    const options = { port, room: LOUD, seat: n + 1, length: MOVE_BYTES, window: 8 };
    const player: RawPlayer = new RawPlayer({ ...options, going: () => player.sent < wanted });
    return player;
  });
  const stop = () => {
    for (const player of players) player.stop();
  };
  undo.push(stop);
  for (const player of players) await player.start();
  return async () => {
    while (players.some(({ echoed, sent }) => echoed < sent || sent < wanted)) await Bun.sleep(20);
  };
}

for (const when of ['live', 'replay'] as const) {
  test(
    `P23 P54 twenty sockets that never read, ${when}: let go, memory stays flat, and a room beside plays on`,
    async () => {
      const { growthMb, closes, wrong, movesBeside } = await neverRead(when, null);
      expect(closes).toEqual(Array.from({ length: NEVER_READING }, () => Close.tooSlow.code));
      expect(growthMb).toBeLessThan(GROWTH_MB_MAX);
      expect(wrong).toEqual([]);
      expect(movesBeside).toBeGreaterThan(10);
    },
    TEST_MS,
  );

  test(
    `control, ${when}: if the server did not know who is behind, its memory would fill with what they do not read`,
    async () => {
      expect((await neverRead(when, 'congestion')).growthMb).toBeGreaterThan(GROWTH_MB_MAX);
    },
    TEST_MS,
  );
}
