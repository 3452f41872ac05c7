/**
 * Two hundred sockets that misbehave in every way we could think of, beside a room in which four players
 * play: every record reaches the players in order, and each of the others is closed with its code of the
 * protocol.
 *
 * The controls change what is between front end and rooms: sockets that cannot be closed, and a player for
 * whom one frame is dropped.
 */
import { afterEach, expect, test } from 'bun:test';
import { ping } from '../../sdk/protocol/ping.ts';
import { RECORD_VERSION, RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import type { Peer } from '../../src/ports/frontend/frontend.ts';
import { socketPath } from '../../src/domain/room.ts';
import type { GameLimits } from '../../src/services/game/limits.ts';
import { signal } from '../../sdk/protocol/signal.ts';
import { wrapPeers } from '../support/clients/socket-wrappers.ts';
import { recordsIn } from '../support/clients/down-frames.ts';
import { maskedFrame, Opcode, type RawSocket } from '../support/clients/raw-socket.ts';
import { RoomClient } from '../support/clients/room-client.ts';
import { sendWhile } from '../support/clients/client-team.ts';
import {
  type RealGameOptions,
  helloFor,
  type RealGame,
  SLOT,
  startRealGame,
  ticketFor,
} from '../support/in-process/real-game.ts';

const PLAYED = 'p'.repeat(20);
/** The room of hostile sockets with valid tickets. */
const ABUSED = 'q'.repeat(20);
/** A room with many moves: a socket that does not read exceeds its output limit. */
const BUSY = 'r'.repeat(20);
const UNKNOWN = 'u'.repeat(20);
const HOSTILE = 200;
/** Shorter timeout for the hello, so that a control ends sooner. */
const HELLO_MS_CONTROL = 300;
/** A socket still open after each player made this many more moves counts as left open. */
const MOVES_MEANWHILE = 50;
const BUSY_SENDERS = 4;
const NEVER_READING_SEAT = 10;
/** Higher than the real limits, so that enough data is sent within seconds. */
const LIMITS = { messageRate: 400, messageBurst: 400, socketsPerRoomMax: HOSTILE };

const bytes = (length: number) => new Uint8Array(length);
const move = (clientSeq: number, length = 20) =>
  encodeSend({ client: 0, clientSeq, kind: RecordKind.move, body: bytes(length) });

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Attack {
  readonly name: string;
  readonly code: number;
  readonly room?: string;
  readonly neverReads?: boolean;
  /** `n` is different for each socket. */
  run(socket: RawSocket, n: number): void;
}

/** Sends a valid hello for the abused room, as a client of its own. */
const greet = (socket: RawSocket, n: number, room = ABUSED) =>
  socket.sendBinary(helloFor(room, { seat: 1 + (n % 200), id: n % 251 }));

/** In one write, so that all of it arrives before the server replies or stops reading. */
function sendAtOnce(socket: RawSocket, count: number, frame: (number: number) => Uint8Array): void {
  const frames = Array.from({ length: count }, (_, index) => maskedFrame(Opcode.binary, frame(index + 1)));
  socket.sendRaw(Buffer.concat(frames));
}

const ATTACKS: readonly Attack[] = [
  { name: 'nonsense', code: 4400, run: (socket) => socket.sendBinary(Uint8Array.of(0xff, 1, 2, 3)) },
  { name: 'an empty frame', code: 4400, run: (socket) => socket.sendBinary(bytes(0)) },
  { name: 'text', code: 4400, run: (socket) => socket.sendFrame(Opcode.text, Buffer.from('{"hi":1}')) },
  { name: 'a move before the hello', code: 4400, run: (socket) => socket.sendBinary(move(1)) },
  {
    name: 'a hello cut short',
    code: 4400,
    run: (socket) => socket.sendBinary(helloFor(ABUSED).subarray(0, 40)),
  },
  { name: 'a wrong version', code: 4401, run: (socket) => socket.sendBinary(Uint8Array.of(0x20, 99)) },
  {
    name: 'a wrong ticket',
    code: 4402,
    run: (socket) => socket.sendBinary(helloFor(ABUSED, { credential: 'x.y' })),
  },
  {
    name: 'an old ticket',
    code: 4201,
    run: (socket) => socket.sendBinary(helloFor(ABUSED, { expires: 1_000 })),
  },
  {
    name: 'a ticket for another room',
    code: 4402,
    run: (socket) => socket.sendBinary(helloFor(PLAYED)),
  },
  {
    name: 'an unknown room',
    code: 4404,
    room: UNKNOWN,
    run: (socket) => socket.sendBinary(helloFor(UNKNOWN)),
  },
  { name: 'a frame over 8 KB', code: 4413, run: (socket) => socket.sendBinary(bytes(8_193)) },
  { name: 'a frame of megabytes', code: 1009, run: (socket) => socket.sendBinary(bytes(6_000_000)) },
  {
    name: 'fragments without end',
    code: 1009,
    run(socket) {
      const part = maskedFrame(0, bytes(8_000));
      // The first has the opcode, the others continue it; none has the bit that ends the message.
      part[0] = 0;
      const first = part.slice();
      first[0] = Opcode.binary;
      socket.sendRaw(first);
      for (let more = 0; more < 9; more++) socket.sendRaw(part);
    },
  },
  { name: 'silence', code: 4003, run: () => {} },
  {
    name: 'half a frame',
    code: 4003,
    run: (socket) => socket.sendRaw(maskedFrame(Opcode.binary, helloFor(ABUSED)).subarray(0, 60)),
  },
  {
    name: 'too many messages',
    code: 4002,
    run(socket, n) {
      greet(socket, n);
      void socket.received(2).then(() => {
        sendAtOnce(socket, 3_000, (seq) => move(seq, 0));
      });
    },
  },
  {
    name: 'too many pings',
    code: 4002,
    run(socket, n) {
      greet(socket, n);
      void socket.received(2).then(() => {
        sendAtOnce(socket, 1_000, (token) => ping.encode({ token }));
      });
    },
  },
  {
    name: 'too much before the room is open',
    code: 4002,
    room: BUSY,
    run(socket, n) {
      sendAtOnce(socket, 2_900, (seq) =>
        seq === 1 ? helloFor(BUSY, { seat: 9, id: n % 251 }) : move(seq - 1),
      );
    },
  },
  {
    name: 'moves out of order, then a client that the hello did not name',
    code: 4400,
    run(socket, n) {
      greet(socket, n);
      for (const seq of [7, 3, 99, 2]) socket.sendBinary(move(seq));
      socket.sendBinary(encodeSend({ client: 9, clientSeq: 1, kind: 16, body: bytes(1) }));
    },
  },
  {
    name: 'a signal too large',
    code: 4400,
    run(socket, n) {
      greet(socket, n);
      socket.sendBinary(signal.encode({ value: bytes(65) }));
    },
  },
  {
    name: 'a second hello',
    code: 4400,
    run(socket, n) {
      greet(socket, n);
      greet(socket, n);
    },
  },
  {
    name: 'never reading',
    code: 4001,
    room: BUSY,
    neverReads: true,
    run: (socket, n) => socket.sendBinary(helloFor(BUSY, { seat: NEVER_READING_SEAT, id: n % 251 })),
  },
];

/** Resolves when `condition` holds, checked every 5 ms. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5);
}

/** A player that goes on after a violation by the server. */
async function playerIn({ port }: RealGame, room: string, seat: number): Promise<RoomClient> {
  const player = new RoomClient({ collectsFaults: true });
  undo.push(() => player.cut());
  await player.connect(`ws://127.0.0.1:${port}${socketPath(SLOT, room)}`, ticketFor(room, { seat }));
  return player;
}

const echoed = ({ sent, outbox }: RoomClient): number => sent - outbox.length;

interface Outcome {
  readonly real: RealGame;
  readonly players: readonly RoomClient[];
  /** How each hostile socket ended, and how it had to. */
  readonly ends: readonly string[];
  readonly expected: readonly string[];
}

/** Four players play while `hostile` sockets misbehave. `waits`: until the server has closed each of those. */
async function playBeside(
  hostile: number,
  {
    waits = true,
    changes = {},
    limits = {},
  }: { waits?: boolean; changes?: RealGameOptions; limits?: Partial<GameLimits> },
): Promise<Outcome> {
  const real = await startRealGame({ ...LIMITS, ...limits }, changes);
  undo.push(() => real.stop());
  for (const room of [PLAYED, ABUSED, BUSY]) real.addRoom(room);
  let attacked = false;
  const players = await Promise.all([1, 2, 3, 4].map((seat) => playerIn(real, PLAYED, seat)));
  const sending = players.map((player, index) => {
    const body = (clientSeq: number) => new Uint8Array(Buffer.from(`${index + 1}:${clientSeq}`));
    return sendWhile(player, { window: 1, going: () => !attacked, body });
  });
  const sockets = await Promise.all(
    Array.from({ length: hostile }, async (_, n) => {
      const attack = ATTACKS[n % ATTACKS.length]!;
      const { room = ABUSED, neverReads = false } = attack;
      const socket = await real.open(room, { neverReads });
      attack.run(socket, n);
      return { attack, socket };
    }),
  );
  await sendUntilClosed(real, sockets.filter(({ attack }) => attack.neverReads).length);
  const before = players.map(echoed);
  const enough = () => players.every((player, index) => echoed(player) >= before[index]! + MOVES_MEANWHILE);
  const leftOpen = waits ? new Promise<never>(() => {}) : until(enough).then(() => 'left open');
  const ends = await Promise.all(
    sockets.map(async ({ attack, socket }) => {
      if (attack.neverReads) socket.read();
      return `${attack.name}: ${await Promise.race([socket.closed, leftOpen])}`;
    }),
  );
  attacked = true;
  await Promise.all(sending);
  await until(() => players.every(({ outbox }) => outbox.length === 0));
  const { seq: head } = real.game.control.roomStatus(PLAYED)!;
  await until(() => players.every(({ records }) => records.length === head));
  return { real, players, ends, expected: sockets.map(({ attack }) => `${attack.name}: ${attack.code}`) };
}

/** When all sockets that do not read are in the busy room, sends moves until they are closed. */
async function sendUntilClosed(real: RealGame, neverReading: number): Promise<void> {
  await until(() => real.game.control.roomStatus(BUSY)?.sockets === neverReading);
  const allClosed = () => !real.game.control.roomStatus(BUSY)!.onlineSeats.includes(NEVER_READING_SEAT);
  const senders = Array.from({ length: BUSY_SENDERS }, (_, n) => playerIn(real, BUSY, n + 1));
  for (const sender of await Promise.all(senders))
    void sendWhile(sender, { window: 4, going: () => !allClosed(), body: () => new Uint8Array(4_000) });
  await until(allClosed);
}

/** What is wrong with what the players saw: a violation, another log than the first one's, a move of their own. */
function problemsOf(players: readonly RoomClient[]): readonly string[] {
  const logs = players.map(({ records }) =>
    records.filter(({ kind }) => kind === RecordKind.move).map(({ body }) => Buffer.from(body).toString()),
  );
  const [first = []] = logs;
  return players.flatMap(({ faults, sent }, index) => {
    const violations = faults.slice(0, 1).map(({ message }) => message);
    const other = Bun.deepEquals(logs[index], first) ? [] : ['another log'];
    const own = first.filter((body) => body.startsWith(`${index + 1}:`));
    const all = Array.from({ length: sent }, (_, number) => `${index + 1}:${number + 1}`);
    const moves = Bun.deepEquals(own, all) ? [] : ['its moves are not those it made'];
    return [...violations, ...other, ...moves].map((what) => `player ${index + 1}: ${what}`);
  });
}

test('P8 P10 P28 P51 P53 P54 two hundred hostile sockets beside a room at play: no move is lost', async () => {
  const { real, players, ends, expected } = await playBeside(HOSTILE, {});
  expect(ends).toEqual([...expected]);
  expect(real.failures).toEqual([]);
  expect(problemsOf(players)).toEqual([]);
  expect(Math.min(...players.map(({ sent }) => sent))).toBeGreaterThan(50);
  expect(real.game.control.roomStatus(PLAYED)).toMatchObject({ sockets: 4, onlineSeats: [1, 2, 3, 4] });
}, 20_000);

test('control: sockets that cannot be closed are all left open, except where the layer below closes', async () => {
  const changes: RealGameOptions = { wrapUpgrade: (own) => wrapPeers(own, () => ({ close() {} })) };
  const limits = { helloMs: HELLO_MS_CONTROL };
  const { ends, expected } = await playBeside(ATTACKS.length, { waits: false, changes, limits });
  expect(ends).toEqual(expected.map((end) => end.replace(/4\d{3}$/, 'left open')));
}, 20_000);

test('control: one frame that is dropped for one player is detected', async () => {
  let isDropped = false;
  const isOthersMove = (frame: Uint8Array): boolean =>
    frame[0] === RECORD_VERSION &&
    recordsIn(frame).every(({ kind, seat }) => kind === RecordKind.move && seat !== 1);
  let first: Peer | null = null;
  const dropsFrame = (peer: Peer, room: string): Partial<Peer> => {
    if (room === PLAYED) first ??= peer;
    return {
      send(frame) {
        if (isDropped || peer !== first || !isOthersMove(frame)) return peer.send(frame);
        isDropped = true;
        return true;
      },
    };
  };
  const changes: RealGameOptions = { wrapUpgrade: (own) => wrapPeers(own, dropsFrame) };
  const { players } = await playBeside(ATTACKS.length, { changes, limits: { helloMs: HELLO_MS_CONTROL } });
  expect(problemsOf(players)).toContainEqual(expect.stringMatching(/^player 1: entry \d+ came after \d+$/));
}, 20_000);
