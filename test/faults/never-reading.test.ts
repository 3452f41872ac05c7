/**
 * Sockets that never read a byte, during live play and during replay: the server closes them (P54, P23),
 * its memory stays flat, and a room beside them plays on. The control hides backpressure from the rooms:
 * then everything unread collects in the server.
 */
import { afterEach, expect, test } from 'bun:test';
import { Close } from '../../sdk/protocol/close-codes.ts';
import { socketPath } from '../../src/domain/room.ts';
import { Opcode, RawSocket } from '../support/clients/raw-socket.ts';
import { helloFor, SLOT, ticketFor } from '../support/in-process/real-game.ts';
import type { Removed } from '../support/processes/room-server.shared.ts';
import { startRoomServer } from '../support/processes/room-server.ts';
import { RoomClient } from '../support/clients/room-client.ts';
import { SdkPage, problemsOf } from '../support/clients/sdk-page.ts';
import { sendWhile } from '../support/clients/client-team.ts';

const TEST_MS = 120_000;
const BUSY = 'b'.repeat(20);
const BESIDE = 'p'.repeat(20);
const SENDERS = 4;
const NEVER_READING = 20;
const MOVE_BYTES = 4_000;
/** Unread bytes of each socket, MB: far more than the kernel buffers for a connection. */
const UNREAD_MB = 24;
/** Higher than the real limits, so that enough data is sent within seconds. */
const LIMITS = { messageRate: 400, messageBurst: 400 };
/** The limit of one minute for a stalled replay takes six seconds at speed 10. */
const SPEED = { live: 1, replay: 10 };
/**
 * Interval of pongs, ms: without them a socket is closed for its silence (P49), and not for what
 * it does not read.
 */
const ALIVE_MS = 15_000;
/** Twenty times the output limit of a socket is 40 MB; the rest is what a busy server needs for a while. */
const GROWTH_MB_MAX = 120;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Seen {
  /** Largest growth of the server's memory meanwhile, MB. */
  readonly growthMb: number;
  /** Close codes of the sockets. */
  readonly closes: readonly number[];
  /** What was wrong in the room beside them. */
  readonly wrong: readonly string[];
  readonly movesBeside: number;
}

/** `when`: the sockets are open during live play, or opened after it for the replay. */
async function neverRead(when: keyof typeof SPEED, removed: Removed | null): Promise<Seen> {
  const speed = SPEED[when];
  const server = await startRoomServer({ limits: LIMITS, rooms: [BUSY, BESIDE], speed, removed });
  undo.push(() => server.stop());
  const beside = [1, 2].map((seat) => pageBeside(server.port, seat));
  await Promise.all(beside.map((page) => page.live()));
  for (const page of beside) page.play(50);

  const early = when === 'live' ? await openUnread(server.port, speed) : [];
  const sendAll = await startSenders(server.port);
  if (when === 'replay') await sendAll();
  const ended = (await server.counts()).closes.length;
  const { residentMb } = await server.counts();
  const late = when === 'replay' ? await openUnread(server.port, speed) : [];
  const done = when === 'live' ? sendAll() : Promise.resolve();
  let growthMb = 0;
  let closes: readonly number[] = [];
  // In the control nothing is closed: it ends when everything was sent, or enough memory is used.
  const over = () => closes.length >= NEVER_READING || (removed !== null && growthMb > GROWTH_MB_MAX);
  for (let isSent = false; !over() && !(removed !== null && isSent);) {
    isSent =
      (await Promise.race([done.then(() => Bun.sleep(2_000)).then(() => true), Bun.sleep(100)])) === true;
    const counts = await server.counts();
    closes = counts.closes.slice(ended);
    growthMb = Math.max(growthMb, counts.residentMb - residentMb);
  }
  for (const socket of [...early, ...late]) socket.destroy();
  const [first] = beside;
  const moves = first!.order.length;
  await first!.until(() => first!.order.length > moves + 10);
  return { growthMb, closes, wrong: await problemsOf(beside), movesBeside: first!.order.length };
}

function pageBeside(port: number, seat: number): SdkPage {
  const socket = `ws://127.0.0.1:${port}${socketPath(SLOT, BESIDE)}`;
  const join = async () => ({ ok: true as const, socket, ticket: ticketFor(BESIDE, { seat }) });
  const page = new SdkPage({ name: `${seat}`, join });
  undo.push(() => page.close());
  return page;
}

/** Sockets in the busy room that send a hello and never read, but send pongs. */
async function openUnread(port: number, speed: number): Promise<readonly RawSocket[]> {
  const sockets = Array.from({ length: NEVER_READING }, async (_, n) => {
    const socket = await RawSocket.open({ port, path: socketPath(SLOT, BUSY), neverReads: true });
    undo.push(() => socket.destroy());
    socket.sendBinary(helloFor(BUSY, { seat: 10 + n, id: n }));
    const alive = setInterval(() => socket.sendFrame(Opcode.pong, new Uint8Array(0)), ALIVE_MS / speed);
    undo.push(() => clearInterval(alive));
    return socket;
  });
  return Promise.all(sockets);
}

/** Players join the busy room; the returned function waits until they have sent everything. */
async function startSenders(port: number): Promise<() => Promise<void>> {
  const wanted = (UNREAD_MB * 2 ** 20) / MOVE_BYTES / SENDERS;
  const players = Array.from({ length: SENDERS }, () => new RoomClient());
  undo.push(() => players.forEach((player) => player.cut()));
  const address = `ws://127.0.0.1:${port}${socketPath(SLOT, BUSY)}`;
  for (const [n, player] of players.entries())
    await player.connect(address, ticketFor(BUSY, { seat: n + 1 }));
  const sending = players.map((player) =>
    sendWhile(player, {
      window: 8,
      going: () => player.sent < wanted,
      body: () => new Uint8Array(MOVE_BYTES),
    }),
  );
  return async () => {
    await Promise.all(sending);
    while (players.some(({ outbox, sent }) => outbox.length > 0 || sent < wanted)) await Bun.sleep(20);
  };
}

for (const when of ['live', 'replay'] as const) {
  test(
    `P23 P54 twenty sockets that never read, ${when}: closed, memory stays flat, and a room beside plays on`,
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
    `control, ${when}: without knowledge of backpressure the server’s memory fills with what they do not read`,
    async () => {
      expect((await neverRead(when, 'backpressure')).growthMb).toBeGreaterThan(GROWTH_MB_MAX);
    },
    TEST_MS,
  );
}
