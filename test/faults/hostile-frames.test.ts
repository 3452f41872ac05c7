/**
 * Hostile frames, made up by fast-check and shrunk when one gets through: WebSocket frames that are
 * none, fragments, huge lengths, bad UTF-8, floods of tiny frames, frames out of order, mutated frames
 * of the protocol, old epochs, forged passes. Each socket ends with the code of docs/protocol.md; nothing
 * crashes; and in a room beside it two players see their own moves, all of them, and no others.
 *
 * The controls leave a door open: a bug in a handler, and a key that the attacker has.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test';
import fc from 'fast-check';
import { hello } from '../../sdk/protocol/hello.ts';
import { ping } from '../../sdk/protocol/ping.ts';
import { RecordKind } from '../../sdk/protocol/record.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { signal } from '../../sdk/protocol/signal.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { socketPath } from '../../src/domain/room.ts';
import { decodeDown } from '../support/down-frames.ts';
import { maskedFrame, Opcode, type RawSocket } from '../support/raw-socket.ts';
import { type Changes, type RealGame, SLOT, startRealGame, ticketFor } from '../support/real-game.ts';
import { rounds } from '../support/rounds.ts';
import { SdkPage, wrongWith } from '../support/sdk-page.ts';
import { changeHandlers } from '../support/watched-sockets.ts';

const TEST_MS = 300_000;
const RUNS = rounds(120, 2_000);
const ABUSED = 'a'.repeat(20);
const PLAYED = 'p'.repeat(20);
/** All come from one address, one after another, far faster than anybody would be let in. */
const LIMITS = { socketsPerAddressMax: 1_000_000, upgradeRate: 1_000_000, upgradeBurst: 1_000_000 };
/** What the WebSocket layer says by itself: no code, protocol error, bad UTF-8, too long, gone. */
const LAYER_CODES = [1000, 1002, 1005, 1006, 1007, 1009];
/** Of section 13, those that a page can bring about by itself. */
const OWN_CODES = [4001, 4002, 4003, 4201, 4400, 4401, 4402, 4409, 4413];

let real: RealGame;
let players: readonly SdkPage[];
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  ({ real, players } = await play());
});
afterAll(async () => {
  for (const player of players) player.close();
  await real.stop();
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function play(changes: Changes = {}): Promise<{ real: RealGame; players: readonly SdkPage[] }> {
  const started = await startRealGame(LIMITS, changes);
  for (const room of [ABUSED, PLAYED]) started.addRoom(room);
  const socket = `ws://127.0.0.1:${started.port}${socketPath(SLOT, PLAYED)}`;
  const made = [1, 2].map((seat) => {
    const join = async () => ({ ok: true as const, socket, ticket: ticketFor(PLAYED, { seat }) });
    return new SdkPage({ name: `${seat}`, join });
  });
  await Promise.all(made.map((page) => page.live()));
  for (const page of made) page.play(100);
  return { real: started, players: made };
}

/** Both rooms go on as if nothing had been: what is wrong, if anything. */
async function wrongBeside(
  at: { real: RealGame; players: readonly SdkPage[] } = { real, players },
): Promise<readonly string[]> {
  const [first] = at.players;
  const before = first!.order.length;
  await first!.until(() => first!.order.length > before);
  const strangers = first!.order.filter((id) => !at.players.some(({ name }) => id.startsWith(`${name}:`)));
  return [
    ...at.real.failures.map((failure) => `a bug: ${String(failure)}`),
    ...strangers.map((id) => `a move of a stranger: ${id}`),
    ...at.players.flatMap(({ reports }) => [...reports]),
  ];
}

const NUM_RUNS = { numRuns: RUNS };

const open = (room = ABUSED) => real.open(room);
const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength });
const anyNumber = fc.oneof(
  fc.nat({ max: 40 }),
  fc.nat(),
  fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }).map(Number),
);

/** A page's frame that is well-formed, whatever it says. */
const anyHello = fc
  .record({
    version: fc.oneof({ weight: 8, arbitrary: fc.constant(PROTOCOL_VERSION) }, anyNumber),
    credential: fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 9 }).map(ticketOf) }, fc.string()),
    clients: fc.array(fc.record({ id: fc.uint8Array({ minLength: 16, maxLength: 16 }) }), { maxLength: 9 }),
    epoch: anyNumber,
    seq: anyNumber,
  })
  .map((said) => hello.encode(said as Parameters<typeof hello.encode>[0]));
const anySend = fc
  .record({ client: fc.nat({ max: 9 }), clientSeq: anyNumber, kind: fc.nat(255), body: anyBytes(300) })
  .map((said) => encodeSend(said as Parameters<typeof encodeSend>[0]));
const anySignal = anyBytes(80).map((value) => signal.encode({ value }));
const anyPing = anyNumber.map((token) => ping.encode({ token }));
const anyFrame = fc.oneof(anyHello, anySend, anySignal, anyPing);

function ticketOf(seat: number): string {
  return ticketFor(ABUSED, seat === 0 ? { observer: true } : { seat });
}

/** Cut, grown, or changed somewhere. */
const mutated = fc
  .record({
    frame: anyFrame,
    how: fc.constantFrom('cut', 'grow', 'flip', 'double'),
    at: fc.nat(),
    byte: fc.nat(255),
  })
  .map(({ frame, how, at, byte }) => {
    const place = at % Math.max(1, frame.length);
    if (how === 'cut') return frame.slice(0, place);
    if (how === 'double') return new Uint8Array([...frame, ...frame]);
    if (how === 'grow') return new Uint8Array([...frame.slice(0, place), byte, ...frame.slice(place)]);
    const changed = frame.slice();
    if (changed.length > 0) changed[place] = byte;
    return changed;
  });

/** What is written to the socket: a frame of the WebSocket layer, good or bad, or anything at all. */
const anyWrite: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: anyFrame.map((frame) => maskedFrame(Opcode.binary, frame)) },
  { weight: 4, arbitrary: mutated.map((frame) => maskedFrame(Opcode.binary, frame)) },
  { weight: 1, arbitrary: anyBytes(80).map((text) => maskedFrame(Opcode.text, text)) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(255), anyBytes(130)).map(([first, payload]) => {
      const frame = maskedFrame(Opcode.binary, payload);
      frame[0] = first;
      return frame;
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .bigInt({ min: 0n, max: 2n ** 64n - 1n })
      .map((length) => new Uint8Array([0x82, 0xff, ...bigEndian(length), 1, 2, 3, 4, 5])),
  },
  { weight: 1, arbitrary: anyFrame.chain((frame) => fragmentsOf(frame)) },
  {
    weight: 1,
    arbitrary: fc
      .nat({ max: 3_000 })
      .map((count) => new Uint8Array(Buffer.concat(Array.from({ length: count }, () => TINY)))),
  },
  { weight: 1, arbitrary: anyBytes(200) },
);
const TINY = maskedFrame(Opcode.binary, ping.encode({ token: 1 }));

function bigEndian(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(8 * (7 - index))) & 255n));
}

/** The same message in pieces, as the WebSocket layer allows. */
function fragmentsOf(message: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.array(fc.nat({ max: message.length }), { maxLength: 5 }).map((cuts) => {
    const ends = [...cuts.toSorted((a, b) => a - b), message.length];
    const parts = ends.map((end, index) => message.slice(ends[index - 1] ?? 0, end));
    return new Uint8Array(
      Buffer.concat(
        parts.map((part, index) => {
          const frame = maskedFrame(index === 0 ? Opcode.binary : 0, part);
          if (index < parts.length - 1) frame[0]! &= 0x7f;
          return frame;
        }),
      ),
    );
  });
}

/** Ends the socket from our side if the server did not; answers the code that the server gave, or null. */
async function finish(socket: RawSocket): Promise<number | null> {
  // Answered when all before it was read; never, if the layer waits for the rest of a frame.
  socket.sendFrame(Opcode.close, new Uint8Array([3, 232]));
  const patience = Bun.sleep(25).then(() => null);
  const code = await Promise.race([socket.closed, patience]);
  socket.destroy();
  return code;
}

test(
  'whatever is written to a socket: the codes of the document, no bug, and nothing of it beside',
  async () => {
    const property = fc.asyncProperty(
      fc.boolean(),
      fc.array(anyWrite, { minLength: 1, maxLength: 8 }),
      async (greets, writes) => {
        const socket = await open();
        if (greets) socket.sendBinary(real.hello(ABUSED, { seat: 1, id: 7 }));
        for (const bytes of writes) socket.sendRaw(bytes);
        const code = await finish(socket);
        if (code !== null) expect([...LAYER_CODES, ...OWN_CODES]).toContain(code);
        expect(await wrongBeside()).toEqual([]);
      },
    );
    await fc.assert(property, NUM_RUNS);
  },
  TEST_MS,
);

test(
  'P7 P8 P9 P51 the first frame: each wrong one has its code',
  async () => {
    const notHello = anyBytes(100).filter(([first]) => first !== hello.type);
    const wrong: fc.Arbitrary<readonly [number, Uint8Array]> = fc.oneof(
      notHello.map((frame) => [4400, frame] as const),
      fc.oneof(anySend, anySignal, anyPing).map((frame) => [4400, frame] as const),
      fc
        .nat({ max: 127 })
        .filter((version) => version !== PROTOCOL_VERSION)
        .chain((version) =>
          anyBytes(60).map((rest) => [4401, new Uint8Array([0x20, version, ...rest])] as const),
        ),
      fc.integer({ min: 8_193, max: 65_536 }).map((length) => [4413, new Uint8Array(length)] as const),
      fc.integer({ min: 65_537, max: 300_000 }).map((length) => [1009, new Uint8Array(length)] as const),
    );
    const property = fc.asyncProperty(wrong, async ([code, frame]) => {
      const socket = await open();
      socket.sendBinary(frame);
      expect(await socket.closed).toBe(code);
    });
    await fc.assert(property, NUM_RUNS);
    expect(await wrongBeside()).toEqual([]);
  },
  TEST_MS,
);

test(
  'P10 a forged pass is no pass, however little of it was changed',
  async () => {
    const property = fc.asyncProperty(fc.nat(), fc.nat(), async (at, letter) => {
      const ticket = ticketFor(PLAYED, { seat: 1 });
      const forged = forge(ticket, at, letter);
      const socket = await open(PLAYED);
      socket.sendBinary(real.hello(PLAYED, { id: 9, credential: forged }));
      socket.sendBinary(encodeSend({ client: 0, clientSeq: 1, kind: RecordKind.move, body: intruding }));
      expect(await socket.closed).toBe(4402);
    });
    await fc.assert(property, NUM_RUNS);
    expect(await wrongBeside()).toEqual([]);
  },
  TEST_MS,
);

const intruding = new Uint8Array(Buffer.from('{"id":"intruder"}'));
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';

/** Another letter somewhere. The last one of a part carries bits that mean nothing: it is left alone. */
function forge(ticket: string, at: number, letter: number): string {
  const dot = ticket.indexOf('.');
  const places = Array.from({ length: ticket.length - 1 }, (_, index) => index).filter(
    (index) => index !== dot - 1,
  );
  const place = places[at % places.length]!;
  const others = LETTERS.split('').filter((each) => each !== ticket[place]);
  return ticket.slice(0, place) + others[letter % others.length]! + ticket.slice(place + 1);
}

test(
  'P18 P26 a position of an epoch that was not, or beyond the head, is answered with a reset',
  async () => {
    const known = real.game.control.watch(PLAYED)?.epoch ?? 0;
    const elsewhere = fc.record({ epoch: anyNumber, seq: anyNumber });
    const property = fc.asyncProperty(elsewhere, async ({ epoch, seq }) => {
      fc.pre(epoch !== known);
      const socket = await open(PLAYED);
      socket.sendBinary(real.hello(PLAYED, { seat: 3, id: 11, epoch, seq }));
      const [frame] = await socket.received(1);
      expect(decodeDown(frame!)).toMatchObject({ name: 'welcome', values: { resumed: 0 } });
      socket.destroy();
    });
    await fc.assert(property, NUM_RUNS);
    expect(await wrongBeside()).toEqual([]);
  },
  TEST_MS,
);

test(
  'P53 a million tiny frames: the sender is let go, and nobody else waits for them',
  async () => {
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => TINY));
    for (let writers = 0; writers < rounds(10, 100); writers++) {
      const socket = await open();
      socket.sendBinary(real.hello(ABUSED, { seat: 2, id: 12 }));
      await socket.received(2);
      socket.sendRaw(flood);
      expect(await socket.closed).toBe(4002);
      expect(await wrongBeside()).toEqual([]);
    }
  },
  TEST_MS,
);

test(
  'in the end the room beside has all its moves, each once, in one order',
  async () => {
    expect(await wrongWith(players)).toEqual([]);
  },
  TEST_MS,
);

test(
  'control: a bug in a handler is found, and shrunk to the few writes that bring it about',
  async () => {
    const bug = (frame: Uint8Array) => {
      if (frame[0] === signal.type) throw new Error('planted');
    };
    const at = await play({
      sockets: (sockets) =>
        changeHandlers(sockets, (own) => ({ message: (frame) => (bug(frame), own.message(frame)) })),
    });
    undo.push(() => stop(at));
    const property = fc.asyncProperty(fc.array(anyWrite, { minLength: 1, maxLength: 8 }), async (writes) => {
      at.real.failures.length = 0;
      const socket = await at.real.open(ABUSED);
      for (const bytes of writes) socket.sendRaw(bytes);
      await finish(socket);
      return (await wrongBeside(at)).length === 0;
    });
    const found = await fc.check(property, { numRuns: 2_000 });
    expect(found.failed).toBe(true);
    expect(found.counterexample?.[0].length).toBeLessThan(4);
  },
  TEST_MS,
);

test(
  'control: whoever has the key gets in, and what they do there is seen',
  async () => {
    const at = await play();
    undo.push(() => stop(at));
    const socket = await at.real.open(PLAYED);
    socket.sendBinary(at.real.hello(PLAYED, { seat: 3, id: 13 }));
    socket.sendBinary(encodeSend({ client: 0, clientSeq: 1, kind: RecordKind.move, body: intruding }));
    const [first] = at.players;
    await first!.until(() => first!.order.includes('intruder'));
    expect(await wrongBeside(at)).toEqual(['a move of a stranger: intruder']);
  },
  TEST_MS,
);

async function stop(at: { real: RealGame; players: readonly SdkPage[] }): Promise<void> {
  for (const player of at.players) player.close();
  await at.real.stop();
}
