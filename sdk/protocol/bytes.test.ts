/** Tests of varints and length-prefixed values. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Reader, varintLength, VARINT_BYTES_MAX, Writer, writeVarint } from './bytes.ts';

/** Every bit length has the same probability. */
const numbers = fc
  .tuple(fc.integer({ min: 0, max: 53 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([bits, share]) => Math.min(Number.MAX_SAFE_INTEGER, Math.floor(share * 2 ** bits)));

const encoded = (value: number) => new Writer().varint(value).done();

test('P2 a varint is decoded to the same number and has the computed length', () => {
  fc.assert(
    fc.property(numbers, (value) => {
      const bytes = encoded(value);
      const reader = new Reader(bytes);
      expect(bytes.length).toBe(varintLength(value));
      expect(reader.varint()).toBe(value);
      expect([reader.failed, reader.atEnd]).toEqual([false, true]);
    }),
  );
});

test('P2 a varint is LEB128, lowest seven bits first', () => {
  const cases: [number, string][] = [
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 31 - 1, 'ffffffff07'],
    [2 ** 31, '8080808008'],
    [2 ** 32, '8080808010'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
  ];
  for (const [value, hex] of cases) expect(Buffer.from(encoded(value)).toString('hex')).toBe(hex);
});

test('P2 readers accept longer forms up to eight bytes', () => {
  expect(new Reader(Uint8Array.of(0x85, 0x80, 0x80, 0x00)).varint()).toBe(5);
  const tooLong = new Reader(Uint8Array.of(...new Uint8Array(VARINT_BYTES_MAX).fill(0x80), 0));
  tooLong.varint();
  expect(tooLong.failed).toBe(true);
});

test('P2 a number over 2^53 - 1 is rejected', () => {
  for (const last of [0x10, 0x1f, 0x7f]) {
    const reader = new Reader(Uint8Array.of(...new Uint8Array(7).fill(0xff), last));
    reader.varint();
    expect(reader.failed).toBe(true);
  }
});

test('P2 writers reject numbers that a varint cannot hold', () => {
  for (const value of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    expect(() => new Writer().varint(value)).toThrow(RangeError);
  }
});

test('P2 writing into a given buffer returns the offset after the varint', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 0, max: 5 }), (value, at) => {
      const out = new Uint8Array(16);
      expect(writeVarint(out, at, value)).toBe(at + varintLength(value));
      expect(new Reader(out, at).varint()).toBe(value);
    }),
  );
});

test('P3 bytes and texts are decoded to the same values', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ unit: 'grapheme' }), (bytes, text) => {
      const reader = new Reader(new Writer().bytes(bytes).text(text).done());
      expect([...reader.take(reader.varint())]).toEqual([...bytes]);
      expect(reader.text()).toBe(text);
      expect([reader.failed, reader.atEnd]).toEqual([false, true]);
    }),
  );
});

test('P3 a text keeps a leading byte order mark', () => {
  expect(new Reader(new Writer().text('\uFEFFhi').done()).text()).toBe('\uFEFFhi');
});

test('P3 a text that is not UTF-8 is rejected', () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    const reader = new Reader(Uint8Array.of(bytes.length, ...bytes));
    expect(reader.text()).toBe('');
    expect(reader.failed).toBe(true);
  }
});

test('P4 a reader never throws, and once failed stays failed', () => {
  const step = fc.constantFrom('byte', 'varint', 'text', 'take' as const);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(step, { maxLength: 12 }), (bytes, steps) => {
      const reader = new Reader(bytes);
      let hadFailed = false;
      for (const each of steps) {
        if (each === 'take') reader.take(reader.varint());
        else reader[each]();
        expect(hadFailed && !reader.failed).toBe(false);
        hadFailed = reader.failed;
      }
    }),
  );
});
