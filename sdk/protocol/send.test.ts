/** Tests of the `send` frame, which has a hand-written decoder. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { encodeSend, readSend, SEND, type SendHead } from './send.ts';

const sends = fc.record({
  client: fc.nat({ max: 7 }),
  clientSeq: fc.maxSafeNat().map((seq) => Math.max(1, seq)),
  kind: fc.nat({ max: 255 }),
  body: fc.uint8Array(),
});
const blank = (): SendHead => ({ client: -1, clientSeq: -1, kind: -1, bodyAt: -1 });

test('P28 a send is decoded to the same values', () => {
  fc.assert(
    fc.property(sends, ({ client, clientSeq, kind, body }) => {
      const frame = encodeSend({ client, clientSeq, kind, body });
      const head = blank();
      expect(readSend(frame, head)).toBe(true);
      expect(head).toMatchObject({ client, clientSeq, kind });
      expect([...frame.subarray(head.bodyAt)]).toEqual([...body]);
    }),
  );
});

test('P28 a truncated head, client seq 0 and another first byte are malformed', () => {
  const empty = encodeSend({ client: 1, clientSeq: 300, kind: 16, body: new Uint8Array(0) });
  for (let length = 0; length < empty.length; length++) {
    expect(readSend(empty.subarray(0, length), blank())).toBe(false);
  }
  expect(readSend(Uint8Array.of(SEND, 0, 0, 16), blank())).toBe(false);
  expect(readSend(Uint8Array.of(SEND + 1, 0, 1, 16), blank())).toBe(false);
});

test('P28 reading a send never throws, and a malformed frame does not affect the next one', () => {
  const good = encodeSend({ client: 0, clientSeq: 1, kind: 16, body: Uint8Array.of(1) });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      readSend(Uint8Array.of(SEND, ...bytes), blank());
      const head = blank();
      expect(readSend(good, head)).toBe(true);
      expect(head).toEqual({ client: 0, clientSeq: 1, kind: 16, bodyAt: 4 });
    }),
  );
});
