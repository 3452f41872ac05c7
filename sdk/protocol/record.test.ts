/** Tests of the record encoding. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Reader } from './bytes.ts';
import {
  encodeRecord,
  PERSONAL_KINDS,
  readRecord,
  recordLength,
  SENDABLE_KINDS,
  type RecordHeader,
} from './record.ts';

const headers: fc.Arbitrary<RecordHeader> = fc.record({
  kind: fc.integer({ min: 0, max: 31 }),
  seq: fc.maxSafeNat(),
  ms: fc.maxSafeNat(),
  seat: fc.nat({ max: 255 }),
  client: fc.nat(),
  clientSeq: fc.maxSafeNat(),
});
const records = fc.tuple(headers, fc.uint8Array());

function encoded(list: readonly (readonly [RecordHeader, Uint8Array])[]): Uint8Array {
  const out = new Uint8Array(
    list.reduce((sum, [header, body]) => sum + recordLength(header, body.length), 0),
  );
  let at = 0;
  for (const [header, body] of list) at = encodeRecord(out, at, header, body);
  expect(at).toBe(out.length);
  return out;
}

test('P5 P6 concatenated records are decoded to the same records', () => {
  fc.assert(
    fc.property(fc.array(records, { maxLength: 6 }), (list) => {
      const reader = new Reader(encoded(list));
      for (const [header, body] of list) {
        const read = readRecord(reader);
        expect({ ...read, body: [...read!.body] }).toEqual({ ...header, body: [...body] });
      }
      expect([reader.atEnd, reader.failed]).toEqual([true, false]);
    }),
  );
});

test('P5 the encoder sets the personal flag for personal kinds only', () => {
  for (let kind = 0; kind < 32; kind++) {
    const bytes = encoded([[{ kind, seq: 1, ms: 0, seat: 0, client: 0, clientSeq: 0 }, new Uint8Array(0)]]);
    expect(bytes[1]).toBe(PERSONAL_KINDS.has(kind) ? kind | 0x20 : kind);
  }
});

test('P5 extra fields are skipped', () => {
  fc.assert(
    fc.property(headers, fc.uint8Array(), fc.uint8Array({ maxLength: 100 }), (header, body, extra) => {
      const bytes = encoded([[header, body]]);
      const behindHeader = bytes.length - body.length - lengthBytes(body.length);
      const spliced = Uint8Array.of(
        ...bytes.subarray(0, behindHeader),
        extra.length,
        ...extra,
        ...bytes.subarray(behindHeader),
      );
      spliced[1]! |= 0x40;
      const read = readRecord(new Reader(spliced));
      expect({ ...read, body: [...read!.body] }).toEqual({ ...header, body: [...body] });
    }),
  );
});

const lengthBytes = (length: number) => (length < 128 ? 1 : 2);

test('P6 a record with the reserved bit or another version is malformed', () => {
  const bytes = encoded([[{ kind: 16, seq: 1, ms: 0, seat: 1, client: 1, clientSeq: 1 }, new Uint8Array(3)]]);
  const reserved = bytes.slice();
  reserved[1]! |= 0x80;
  expect(readRecord(new Reader(reserved))).toBeNull();
  for (const version of [0, 2, 255]) {
    const other = bytes.slice();
    other[0] = version;
    const reader = new Reader(other);
    expect(readRecord(reader)).toBeNull();
    expect(reader.failed).toBe(true);
  }
});

test('P6 a truncated record is malformed, at every length', () => {
  fc.assert(
    fc.property(records, (record) => {
      const bytes = encoded([record]);
      for (let length = 0; length < bytes.length; length++) {
        expect(readRecord(new Reader(bytes.subarray(0, length)))).toBeNull();
      }
    }),
    { numRuns: 30 },
  );
});

test('P6 reading records never throws and always ends', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const reader = new Reader(Uint8Array.of(1, ...bytes));
      let count = 0;
      while (!reader.atEnd && count <= bytes.length) {
        readRecord(reader);
        count++;
      }
      expect(reader.atEnd).toBe(true);
    }),
  );
});

test('P34 players send these kinds and no others', () => {
  expect([...SENDABLE_KINDS].sort((a, b) => a - b)).toEqual([5, 6, 7, 16, 17, 18]);
  for (const kind of PERSONAL_KINDS) expect(SENDABLE_KINDS.has(kind)).toBe(true);
});
