/** Tests of every declared message: round trip, exact length, and decoders that never throw. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { DOWN } from './down.ts';
import { ID_BYTES, LIST_MAX, message, type Fields, type FieldType, type Message } from './message.ts';
import { UP } from './up.ts';

const MESSAGES = [...UP, ...DOWN] as unknown as readonly Message<Fields>[];

function valueOf(type: FieldType): fc.Arbitrary<unknown> {
  if (type === 'varint') return fc.maxSafeNat();
  if (type === 'text') return fc.string({ unit: 'grapheme' });
  if (type === 'bytes') return fc.uint8Array();
  if (type === 'id') return fc.uint8Array({ minLength: ID_BYTES, maxLength: ID_BYTES });
  return fc.array(valuesOf(type[0]), { maxLength: 5 });
}

function valuesOf(fields: Fields): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, valueOf(type)])));
}

/** Replaces typed arrays by lists of numbers, so that views and copies compare equal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

for (const declared of MESSAGES) {
  test(`P4 ${declared.name} is decoded to the same values`, () => {
    fc.assert(
      fc.property(valuesOf(declared.fields), (values) => {
        expect(plain(declared.decode(declared.encode(values as never)))).toEqual(plain(values));
      }),
    );
  });

  test(`P4 ${declared.name} is exact: one byte less or more is malformed`, () => {
    fc.assert(
      fc.property(valuesOf(declared.fields), fc.nat({ max: 255 }), (values, extra) => {
        const frame = declared.encode(values as never);
        expect(declared.decode(Uint8Array.of(...frame, extra))).toBeNull();
        for (let length = 0; length < frame.length; length++) {
          expect(declared.decode(frame.subarray(0, length))).toBeNull();
        }
      }),
      { numRuns: 30 },
    );
  });

  test(`P4 the decoder of ${declared.name} never throws and accepts only its own type byte`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const decoded = declared.decode(bytes);
        if (bytes[0] !== declared.type) expect(decoded).toBeNull();
        const own = declared.decode(Uint8Array.of(declared.type, ...bytes));
        expect(own === null || typeof own === 'object').toBe(true);
      }),
    );
  });
}

const listing = message('listing', 0x7f, { items: [{ number: 'varint' }] });

test('P3 a list holds up to 256 items, for writers and readers', () => {
  const items = Array.from({ length: LIST_MAX }, (_, number) => ({ number: number % 100 }));
  const full = listing.encode({ items });
  expect(listing.decode(full)?.items).toHaveLength(LIST_MAX);
  expect(() => listing.encode({ items: [...items, { number: 1 }] })).toThrow(RangeError);
  const announced = Uint8Array.of(0x7f, 0x81, 0x02, ...new Uint8Array(257));
  expect(listing.decode(announced)).toBeNull();
});

test('P3 an id has sixteen bytes', () => {
  const carrying = message('carrying', 0x7e, { id: 'id' });
  expect(() => carrying.encode({ id: new Uint8Array(15) })).toThrow(RangeError);
  expect(carrying.encode({ id: new Uint8Array(16).fill(1) })).toHaveLength(17);
});

test('P3 a length beyond the frame is malformed and allocates nothing', () => {
  const carrying = message('carrying', 0x7e, { value: 'bytes' });
  expect(carrying.decode(Uint8Array.of(0x7e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f))).toBeNull();
});
