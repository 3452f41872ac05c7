/**
 * Hostile frames, generated and shrunk by fast-check: invalid WebSocket frames, fragments, huge lengths,
 * bad UTF-8, floods of tiny frames, frames out of order, mutated frames of the protocol, old epochs, forged
 * passes. Each socket ends with a code of docs/protocol.md; nothing crashes; and in a room beside it two
 * players see all their moves, and no others.
 *
 * The controls remove a guard: a bug in a handler, a key that the attacker has, and each check removed in
 * front of the rooms.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Close } from '../../sdk/protocol/close-codes.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import { FRAME_BYTES_HARD, FRAME_BYTES_MAX } from '../../sdk/protocol/limits.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { signal } from '../../sdk/protocol/signal.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { socketPath } from '../../src/domain/room.ts';
import { realWorld } from '../../src/lib/world.real.ts';
import { bunFrontend } from '../../src/ports/frontend/frontend.bun.ts';
import type { Game } from '../../src/services/game/game.ts';
import type { GameLimits } from '../../src/services/game/limits.ts';
import { decodeDown } from '../support/clients/down-frames.ts';
import { Opcode, RawSocket } from '../support/clients/raw-socket.ts';
import {
  type RealGameOptions,
  type RealGame,
  SLOT,
  startRealGame,
  ticketFor,
} from '../support/in-process/real-game.ts';
import { shortOrFull } from '../support/short-or-full.ts';
import { SdkPage, problemsOf } from '../support/clients/sdk-page.ts';
import { wrapHandlers } from '../support/clients/socket-wrappers.ts';
import { ABUSED, anyNumber, anyWrite, FIRST_FRAMES, forge, TINY } from './hostile-frames.shared.ts';

const TEST_MS = 300_000;
const RUNS = shortOrFull(120, 2_000);
const NUM_RUNS = { numRuns: RUNS };
const PLAYED = 'p'.repeat(20);
/** All come from one address, far faster than the real limits admit. */
const LIMITS = { socketsPerAddressMax: 1_000_000, upgradeRate: 1_000_000, upgradeBurst: 1_000_000 };
/** The code with which the server ended a socket. */
type End = number | 'left open';
/** Codes of the WebSocket layer itself: normal, protocol error, no code, gone, bad UTF-8, too long. */
const LAYER_CODES: readonly End[] = [1000, 1002, 1005, 1006, 1007, 1009];
/** Those close codes of the protocol that a page can cause by itself. */
const OWN_CODES: readonly End[] = [4001, 4002, 4003, 4201, 4400, 4401, 4402, 4409, 4413];
/** A server must close a socket within this time after a violation or a close frame, ms. */
const END_MS_MAX = 20_000;
/** Ends any frame that the WebSocket layer still waits for, and is itself invalid. */
const NO_FRAME = new Uint8Array(FRAME_BYTES_HARD + 14).fill(0xff);

interface Setting {
  readonly real: RealGame;
  readonly players: readonly SdkPage[];
}

let setting: Setting;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  setting = await play();
});
afterAll(() => stop(setting));
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function play(changes: RealGameOptions = {}, limits: Partial<GameLimits> = {}): Promise<Setting> {
  const real = await startRealGame({ ...LIMITS, ...limits }, changes);
  for (const room of [ABUSED, PLAYED]) real.addRoom(room);
  const socket = `ws://127.0.0.1:${real.port}${socketPath(SLOT, PLAYED)}`;
  const players = [1, 2].map((seat) => {
    const join = async () => ({ ok: true as const, socket, ticket: ticketFor(PLAYED, { seat }) });
    return new SdkPage({ name: `${seat}`, join });
  });
  await Promise.all(players.map((page) => page.live()));
  for (const page of players) page.play(100);
  return { real, players };
}

async function stop({ real, players }: Setting): Promise<void> {
  for (const player of players) player.close();
  await real.stop();
}

/** A setting of a control's own, with something changed. */
async function playWithout(...changes: Parameters<typeof play>): Promise<Setting> {
  const made = await play(...changes);
  undo.push(() => stop(made));
  return made;
}

/** Resolves when the room beside has had one more move. */
function moveBeside({ players: [first] }: Setting): Promise<void> {
  const before = first!.order.length;
  return first!.until(() => first!.order.length > before);
}

/** What is wrong in the two rooms, if anything. */
async function problemsBeside(at: Setting): Promise<readonly string[]> {
  await moveBeside(at);
  const strangers = at.players[0]!.order.filter(
    (id) => !at.players.some(({ name }) => id.startsWith(`${name}:`)),
  );
  return [
    ...at.real.failures.map((failure) => `a bug: ${String(failure)}`),
    ...strangers.map((id) => `a move of a stranger: ${id}`),
    ...at.players.flatMap(({ reports }) => [...reports]),
  ];
}

/** Sends a close frame; returns the code with which the server closes. */
async function finish(at: Setting, socket: RawSocket): Promise<End> {
  socket.sendFrame(Opcode.close, new Uint8Array([3, 232]));
  // Answered when everything before it was read; never, if the layer takes it for the rest of a frame.
  const code = await Promise.race([socket.closed, moveBeside(at).then(() => null)]);
  if (code === null) socket.sendRaw(NO_FRAME);
  const tooLate = Bun.sleep(END_MS_MAX).then(() => 'left open' as const);
  return Promise.race([socket.closed, tooLate]).finally(() => socket.destroy());
}

test(
  'whatever is written to a socket: a documented code, no bug, and no effect on the room beside',
  async () => {
    let ownCodes = 0;
    const property = fc.asyncProperty(
      fc.boolean(),
      fc.array(anyWrite, { minLength: 1, maxLength: 8 }),
      async (greets, writes) => {
        const socket = await setting.real.open(ABUSED);
        if (greets) socket.sendBinary(setting.real.hello(ABUSED, { seat: 1, id: 7 }));
        for (const bytes of writes) socket.sendRaw(bytes);
        const code = await finish(setting, socket);
        expect([...LAYER_CODES, ...OWN_CODES]).toContain(code);
        if (OWN_CODES.includes(code)) ownCodes++;
        expect(await problemsBeside(setting)).toEqual([]);
      },
    );
    await fc.assert(property, NUM_RUNS);
    // About half of the sockets get as far as the rooms; with few, only the layer below would be tested.
    expect(ownCodes).toBeGreaterThan(RUNS / 4);
  },
  TEST_MS,
);

/** The code with which a socket with this first frame is closed. */
async function endOf(port: number, frame: Uint8Array): Promise<number> {
  const socket = await RawSocket.open({ port, path: socketPath(SLOT, ABUSED) });
  socket.sendBinary(frame);
  return socket.closed;
}

test.each(Object.entries(FIRST_FRAMES))(
  'P7 P8 P9 P51 a first frame that is %s has its code',
  async (_, { code, frames }) => {
    const property = fc.asyncProperty(frames, async (frame) => {
      expect(await endOf(setting.real.port, frame)).toBe(code);
    });
    await fc.assert(property, NUM_RUNS);
    expect(await problemsBeside(setting)).toEqual([]);
  },
  TEST_MS,
);

type OnUpgrade = Game['onUpgrade'];

/** Replaces frames before the rooms receive them; null = drops the frame. */
function changeFrames(change: (frame: Uint8Array) => Uint8Array | null): RealGameOptions {
  const wrapUpgrade = (own: OnUpgrade) =>
    wrapHandlers(own, (handler) => ({
      onMessage(frame) {
        const changed = change(frame);
        if (changed) handler.onMessage(changed);
      },
    }));
  return { wrapUpgrade };
}

/** The removed check → how such a first frame ends then. */
const ACCEPTING: readonly (readonly [string, (frame: Uint8Array) => Uint8Array | null, number])[] = [
  ['not a hello', (frame) => (frame[0] === hello.type ? frame : null), Close.helloLate.code],
  [
    'an unknown version',
    (frame) => new Uint8Array([hello.type, PROTOCOL_VERSION, ...frame.subarray(2)]),
    Close.malformed.code,
  ],
  ['over 8 KB', (frame) => frame.subarray(0, FRAME_BYTES_MAX), Close.malformed.code],
];

/** Runs the property for such first frames at this port; returns the code of a failure. */
async function foundAt(port: number, what: string): Promise<number | null> {
  const { code, frames } = FIRST_FRAMES[what]!;
  let end: number | null = null;
  const property = fc.asyncProperty(frames, async (frame) => (end = await endOf(port, frame)) === code);
  const { failed } = await fc.check(property, { ...NUM_RUNS, endOnFailure: true });
  return failed ? end : null;
}

test.each(ACCEPTING)(
  'control: rooms that accept a first frame that is %s are detected',
  async (what, accept, end) => {
    const { real } = await playWithout(changeFrames(accept), { helloMs: 50 });
    expect(await foundAt(real.port, what)).toBe(end);
  },
  TEST_MS,
);

test(
  'control: a front end that accepts frames of any length is detected',
  async () => {
    const { onUpgrade } = setting.real.game;
    const fetch = () => new Response('page');
    const options = { hostname: '127.0.0.1', port: 0, fetch, onUpgrade, onError: () => {} };
    const wide = bunFrontend({ ...options, frameBytesMax: 2 ** 20 }, realWorld.timers);
    undo.push(() => wide.stop(0));
    expect(await foundAt(wide.port, 'over 64 KB')).toBe(Close.tooLarge.code);
  },
  TEST_MS,
);

const intruderMove = new Uint8Array(Buffer.from('{"id":"intruder"}'));

test(
  'P10 a forged pass is refused, however little of it was changed',
  async () => {
    const property = fc.asyncProperty(fc.nat(), fc.nat(), async (at, letter) => {
      const ticket = ticketFor(PLAYED, { seat: 1 });
      const forged = forge(ticket, at, letter);
      const socket = await setting.real.open(PLAYED);
      socket.sendBinary(setting.real.hello(PLAYED, { id: 9, credential: forged }));
      socket.sendBinary(encodeSend({ client: 0, clientSeq: 1, kind: RecordKind.move, body: intruderMove }));
      expect(await socket.closed).toBe(4402);
    });
    await fc.assert(property, NUM_RUNS);
    expect(await problemsBeside(setting)).toEqual([]);
  },
  TEST_MS,
);

/** Positions that no page can have: of an epoch that never was, or far beyond the head. */
function noPositions({ real }: Setting) {
  const { epoch: known = 0, seq: head = 1 } = real.game.control.roomStatus(PLAYED) ?? {};
  const beyond = fc.integer({ min: 2 ** 30, max: 2 ** 40 });
  return {
    'of an epoch that never was': fc.record({
      epoch: anyNumber.filter((epoch) => epoch !== known),
      // An existing entry, or any.
      seq: fc.oneof(fc.integer({ min: 1, max: head }), anyNumber),
    }),
    'beyond the head': fc.record({ epoch: fc.constant(known), seq: beyond }),
  };
}

/** Each such position gets a reset. */
function isReset(at: Setting, what: keyof ReturnType<typeof noPositions>) {
  return fc.asyncProperty(noPositions(at)[what], async ({ epoch, seq }) => {
    const socket = await at.real.open(PLAYED);
    socket.sendBinary(at.real.hello(PLAYED, { seat: 3, id: 11, epoch, seq }));
    const [frame] = await socket.received(1);
    socket.destroy();
    const { name, values } = decodeDown(frame!);
    return name === 'welcome' && values.resumed === 0;
  });
}

test.each(['of an epoch that never was', 'beyond the head'] as const)(
  'P18 P26 a position %s is answered with a reset',
  async (what) => {
    await fc.assert(isReset(setting, what), NUM_RUNS);
    expect(await problemsBeside(setting)).toEqual([]);
  },
  TEST_MS,
);

test.each(['of an epoch that never was', 'beyond the head'] as const)(
  'control: a server that accepts a position %s is detected',
  async (what) => {
    let room: Game['control'] | null = null;
    const at = await playWithout(
      changeFrames((frame) => {
        const values = frame[0] === hello.type ? hello.decode(frame) : null;
        const watch = room?.roomStatus(PLAYED);
        if (!values || !watch) return frame;
        const seq = what === 'beyond the head' ? Math.min(values.seq, watch.seq) : values.seq;
        return hello.encode({ ...values, epoch: watch.epoch, seq });
      }),
    );
    room = at.real.game.control;
    const found = await fc.check(isReset(at, what), { ...NUM_RUNS, endOnFailure: true });
    expect([found.failed, String(found.errorInstance)]).toEqual([
      true,
      'Error: Property failed by returning false',
    ]);
  },
  TEST_MS,
);

const FLOODS = shortOrFull(10, 100);
const FLOOD = 10_000;
/** Far less than a flood, far more than the burst of 90 and the 5 seconds of debt that a page may have. */
const ANSWERED_MAX = 1_000;

/** Writes ten thousand pings at once; returns how many were answered, and the close code if not all were. */
async function flood(at: Setting): Promise<{ readonly answered: number; readonly code: number | null }> {
  const socket = await at.real.open(ABUSED);
  socket.sendBinary(at.real.hello(ABUSED, { seat: 2, id: 12 }));
  const before = (await socket.received(2)).length;
  socket.sendRaw(Buffer.concat(Array.from({ length: FLOOD }, () => TINY)));
  const answered = (await socket.received(before + FLOOD)).length - before;
  const code = answered < FLOOD ? await socket.closed : null;
  socket.destroy();
  return { answered, code };
}

test(
  `P53 ${FLOODS} floods of ${FLOOD} tiny frames: each sender is closed long before their end, and nobody else waits`,
  async () => {
    for (let count = 0; count < FLOODS; count++) {
      const { answered, code } = await flood(setting);
      expect(code).toBe(4002);
      expect(answered).toBeLessThan(ANSWERED_MAX);
      expect(await problemsBeside(setting)).toEqual([]);
    }
  },
  TEST_MS,
);

test(
  'control: without a rate for pings a flood is answered to its end',
  async () => {
    const at = await playWithout({}, { controlRate: 1_000_000, controlBurst: 1_000_000 });
    expect(await flood(at)).toEqual({ answered: FLOOD, code: null });
  },
  TEST_MS,
);

test(
  'in the end the room beside has all its moves, each once, in one order',
  async () => {
    expect(await problemsOf(setting.players)).toEqual([]);
  },
  TEST_MS,
);

test(
  'control: a bug in a handler is found, and shrunk to the few writes that cause it',
  async () => {
    const at = await playWithout(
      changeFrames((frame) => {
        if (frame[0] === signal.type) throw new Error('mutant');
        return frame;
      }),
    );
    const property = fc.asyncProperty(fc.array(anyWrite, { minLength: 1, maxLength: 8 }), async (writes) => {
      at.real.failures.length = 0;
      const socket = await at.real.open(ABUSED);
      for (const bytes of writes) socket.sendRaw(bytes);
      await finish(at, socket);
      return (await problemsBeside(at)).length === 0;
    });
    const found = await fc.check(property, { numRuns: 2_000 });
    expect(found.failed).toBe(true);
    expect(found.counterexample?.[0].length).toBeLessThan(4);
  },
  TEST_MS,
);

test(
  'control: an attacker with the key is admitted, and is detected',
  async () => {
    const at = await playWithout();
    const socket = await at.real.open(PLAYED);
    socket.sendBinary(at.real.hello(PLAYED, { seat: 3, id: 13 }));
    socket.sendBinary(encodeSend({ client: 0, clientSeq: 1, kind: RecordKind.move, body: intruderMove }));
    const [first] = at.players;
    await first!.until(() => first!.order.includes('intruder'));
    expect(await problemsBeside(at)).toEqual(['a move of a stranger: intruder']);
  },
  TEST_MS,
);
