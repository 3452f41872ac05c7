/**
 * Arbitraries for fast-check: what hostile sockets write, valid and invalid frames of the protocol and of
 * the layer below.
 */
import fc from 'fast-check';
import { hello } from '../../sdk/protocol/hello.ts';
import { ping } from '../../sdk/protocol/ping.ts';
import { encodeSend } from '../../sdk/protocol/send.ts';
import { signal } from '../../sdk/protocol/signal.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';
import { maskedFrame, Opcode } from '../support/clients/raw-socket.ts';
import { ticketFor } from '../support/in-process/real-game.ts';

/** The room for which hostile sockets have valid tickets. */
export const ABUSED = 'a'.repeat(20);
export const TINY = maskedFrame(Opcode.binary, ping.encode({ token: 1 }));

const anyBytes = (maxLength: number) => fc.uint8Array({ maxLength });
export const anyNumber = fc.oneof(
  fc.nat({ max: 40 }),
  fc.nat(),
  fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }).map(Number),
);

/** A well-formed frame of a page, with any values. */
const anyHello = fc
  .record({
    version: fc.oneof({ weight: 8, arbitrary: fc.constant(PROTOCOL_VERSION) }, anyNumber),
    credential: fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 9 }).map(ticketOf) }, fc.string()),
    clients: fc.array(fc.record({ id: fc.uint8Array({ minLength: 16, maxLength: 16 }) }), { maxLength: 9 }),
    epoch: anyNumber,
    seq: anyNumber,
  })
  .map((values) => hello.encode(values as Parameters<typeof hello.encode>[0]));
const anySend = fc
  .record({ client: fc.nat({ max: 9 }), clientSeq: anyNumber, kind: fc.nat(255), body: anyBytes(300) })
  .map((values) => encodeSend(values as Parameters<typeof encodeSend>[0]));
const anySignal = anyBytes(80).map((value) => signal.encode({ value }));
const anyPing = anyNumber.map((token) => ping.encode({ token }));
const anyFrame = fc.oneof(anyHello, anySend, anySignal, anyPing);

function ticketOf(seat: number): string {
  return ticketFor(ABUSED, seat === 0 ? { observer: true } : { seat });
}

/** A frame that was cut, extended, doubled or changed in one byte. */
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

/** Bytes to write to the socket: a valid or invalid frame of the WebSocket layer, or anything. */
export const anyWrite: fc.Arbitrary<Uint8Array> = fc.oneof(
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

function bigEndian(value: bigint): number[] {
  return Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(8 * (7 - index))) & 255n));
}

/** The same message in fragments, as the WebSocket layer allows. */
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

/** Invalid first frames, by what is wrong with them, with the expected close code. */
export const FIRST_FRAMES: {
  readonly [what: string]: { readonly code: number; readonly frames: fc.Arbitrary<Uint8Array> };
} = {
  'not a hello': {
    code: 4400,
    frames: fc.oneof(
      anyBytes(100).filter(([first]) => first !== hello.type),
      anySend,
      anySignal,
      anyPing,
    ),
  },
  'an unknown version': {
    code: 4401,
    frames: fc
      .nat({ max: 127 })
      .filter((version) => version !== PROTOCOL_VERSION)
      .chain((version) => anyBytes(60).map((rest) => new Uint8Array([hello.type, version, ...rest]))),
  },
  'over 8 KB': {
    code: 4413,
    frames: fc.integer({ min: 8_193, max: 65_536 }).map((length) => new Uint8Array(length)),
  },
  'over 64 KB': {
    code: 1009,
    frames: fc.integer({ min: 65_537, max: 300_000 }).map((length) => new Uint8Array(length)),
  },
};

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';

/** Changes one letter. Not the last one of a part, which has bits without meaning. */
export function forge(ticket: string, at: number, letter: number): string {
  const dot = ticket.indexOf('.');
  const places = Array.from({ length: ticket.length - 1 }, (_, index) => index).filter(
    (index) => index !== dot - 1,
  );
  const place = places[at % places.length]!;
  const others = LETTERS.split('').filter((each) => each !== ticket[place]);
  return ticket.slice(0, place) + others[letter % others.length]! + ticket.slice(place + 1);
}
