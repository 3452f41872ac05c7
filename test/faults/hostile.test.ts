/**
 * Two hundred sockets that misbehave in every way we could think of, beside a room in which four
 * players play: every frame of the players arrives, in order, and each of the others is closed with
 * the code that the protocol has for it.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { ping } from '../../sdk/protocol/ping.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { signal } from '../../sdk/protocol/signal.ts';
import { RawPlayer } from '../support/raw-player.ts';
import { maskedFrame, Opcode, type RawSocket } from '../support/raw-socket.ts';
import { startRealGame, type RealGame } from '../support/real-game.ts';

const PLAYED = 'p'.repeat(20);
/** Where hostile sockets with good tickets go. */
const ABUSED = 'q'.repeat(20);
/** A room so loud that a socket which does not read falls behind. */
const LOUD = 'r'.repeat(20);
const UNKNOWN = 'u'.repeat(20);
const HOSTILE = 200;
const LOUD_SENDERS = 4;
/** Higher than in earnest, so that the loud room gets loud within seconds. */
const LIMITS = { messageRate: 400, messageBurst: 400, socketsPerRoomMax: HOSTILE };

const bytes = (length: number) => new Uint8Array(length);
const move = (clientSeq: number, length = 20) =>
  encodeSend({ client: 0, clientSeq, kind: RecordKind.move, body: bytes(length) });

let real: RealGame;
const started: RawPlayer[] = [];

beforeAll(async () => {
  real = await startRealGame(LIMITS);
  for (const room of [PLAYED, ABUSED, LOUD]) real.addRoom(room);
});
afterAll(async () => {
  for (const player of started) player.stop();
  await real.stop();
});

interface Attack {
  readonly name: string;
  readonly code: number;
  readonly room?: string;
  readonly neverReads?: boolean;
  /** `n` is different for each socket. */
  run(socket: RawSocket, n: number): void;
}

/** A good hello into the abused room, as a page of its own. */
const greet = (socket: RawSocket, n: number, room = ABUSED) =>
  socket.sendBinary(real.hello(room, { seat: 1 + (n % 200), id: n % 251 }));

const ATTACKS: readonly Attack[] = [
  { name: 'nonsense', code: 4400, run: (socket) => socket.sendBinary(Uint8Array.of(0xff, 1, 2, 3)) },
  { name: 'an empty frame', code: 4400, run: (socket) => socket.sendBinary(bytes(0)) },
  { name: 'text', code: 4400, run: (socket) => socket.sendFrame(Opcode.text, Buffer.from('{"hi":1}')) },
  { name: 'a move before the hello', code: 4400, run: (socket) => socket.sendBinary(move(1)) },
  {
    name: 'a hello cut short',
    code: 4400,
    run: (socket) => socket.sendBinary(real.hello(ABUSED).subarray(0, 40)),
  },
  { name: 'a wrong version', code: 4401, run: (socket) => socket.sendBinary(Uint8Array.of(0x20, 99)) },
  {
    name: 'a wrong ticket',
    code: 4402,
    run: (socket) => socket.sendBinary(real.hello(ABUSED, { credential: 'x.y' })),
  },
  {
    name: 'an old ticket',
    code: 4201,
    run: (socket) => socket.sendBinary(real.hello(ABUSED, { expires: 1_000 })),
  },
  {
    name: 'a ticket for another room',
    code: 4402,
    run: (socket) => socket.sendBinary(real.hello(PLAYED)),
  },
  {
    name: 'a room that is not there',
    code: 4404,
    room: UNKNOWN,
    run: (socket) => socket.sendBinary(real.hello(UNKNOWN)),
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
    run: (socket) => socket.sendRaw(maskedFrame(Opcode.binary, real.hello(ABUSED)).subarray(0, 60)),
  },
  {
    name: 'too many messages',
    code: 4002,
    run(socket, n) {
      greet(socket, n);
      void socket.received(2).then(() => {
        for (let seq = 1; seq <= 3_000; seq++) socket.sendBinary(move(seq));
      });
    },
  },
  {
    name: 'too many pings',
    code: 4002,
    run(socket, n) {
      greet(socket, n);
      void socket.received(2).then(() => {
        for (let token = 1; token <= 1_000; token++) socket.sendBinary(ping.encode({ token }));
      });
    },
  },
  {
    name: 'too much before the room is open',
    code: 4002,
    room: LOUD,
    run(socket, n) {
      // In one write, so that all of it is there before anything is answered.
      const frames = Array.from({ length: 2_900 }, (_, seq) => maskedFrame(Opcode.binary, move(seq + 1)));
      socket.sendRaw(
        Buffer.concat([maskedFrame(Opcode.binary, real.hello(LOUD, { seat: 9, id: n % 251 })), ...frames]),
      );
    },
  },
  {
    name: 'moves out of order, then a place nobody has',
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
    room: LOUD,
    neverReads: true,
    run: (socket, n) => socket.sendBinary(real.hello(LOUD, { seat: 10, id: n % 251 })),
  },
];

/** Resolves when `condition` holds, looking again after each turn of the event loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5);
}

test('P8 P10 P28 P51 P53 P54 two hundred hostile sockets beside a room at play: nothing of the play is lost', async () => {
  let attacked = false;
  const players = [1, 2, 3, 4].map(
    (seat) =>
      new RawPlayer({ port: real.port, room: PLAYED, seat, length: 0, window: 1, going: () => !attacked }),
  );
  started.push(...players);
  for (const player of players) await player.start();

  const hostile = await Promise.all(
    Array.from({ length: HOSTILE }, async (_, n) => {
      const attack = ATTACKS[n % ATTACKS.length]!;
      const { room = ABUSED, neverReads = false } = attack;
      const socket = await real.open(room, { neverReads });
      attack.run(socket, n);
      return { attack, socket };
    }),
  );
  // The sockets that do not read are gone when only those who are loud are left.
  const quiet = () => real.game.control.watch(LOUD)!.sockets === LOUD_SENDERS;
  const loud = Array.from(
    { length: LOUD_SENDERS },
    (_, n) =>
      new RawPlayer({
        port: real.port,
        room: LOUD,
        seat: n + 1,
        length: 4_000,
        window: 4,
        going: () => !quiet(),
      }),
  );
  started.push(...loud);
  for (const player of loud) await player.start();
  const results = await Promise.all(
    hostile.map(async ({ attack, socket }) => {
      if (attack.neverReads) {
        await until(quiet);
        socket.read();
      }
      return `${attack.name}: ${await socket.closed}`;
    }),
  );
  attacked = true;
  await until(() => players.every((player) => player.echoed === player.sent));
  await until(() => players.every((player) => player.seqs.length === players[0]!.seqs.length));

  expect(results).toEqual(hostile.map(({ attack }) => `${attack.name}: ${attack.code}`));
  expect(real.failures).toEqual([]);
  const [first, ...others] = players;
  expect(first!.seqs).toEqual(first!.seqs.map((_, index) => index + 1));
  for (const other of others) {
    expect(other.seqs).toEqual(first!.seqs);
    expect(other.bodies).toEqual(first!.bodies);
  }
  for (const [index, player] of players.entries()) {
    const own = first!.bodies.filter((body) => body.startsWith(`${index + 1}:`));
    expect(own).toEqual(Array.from({ length: player.sent }, (_, sent) => `${index + 1}:${sent + 1}`));
    expect(player.sent).toBeGreaterThan(50);
    expect(player.names).not.toContain('refused');
  }
  expect(real.game.control.watch(PLAYED)).toMatchObject({ sockets: 4, onlineSeats: [1, 2, 3, 4] });
}, 20_000);
