import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { SIGNAL_BYTES_MAX } from '@escapement/sdk/protocol/signal.ts';
import { cursorOf, gameValueOf, packSignal } from './signal.ts';

const cursor = { x: 0.25, y: 0.5, stage: 'loft' };

test('cursor and game value are packed into one signal and unpacked again', () => {
  const signal = packSignal(cursor, { drag: 'nut' });
  expect(cursorOf(signal)).toEqual(cursor);
  expect(gameValueOf(signal)).toEqual({ drag: 'nut' });
});

test('with no cursor and no value there is no signal', () => {
  expect(packSignal(null, null)).toBeNull();
  expect(packSignal(null, undefined)).toBeNull();
});

test('a game value that leaves no room for the cursor is sent alone', () => {
  const value = 'x'.repeat(50);
  const signal = packSignal(cursor, value);
  expect(cursorOf(signal)).toBeNull();
  expect(gameValueOf(signal)).toBe(value);
});

test('a stage whose name is too long for a signal has no cursor', () => {
  expect(packSignal({ ...cursor, stage: 'x'.repeat(60) }, null)).toBeNull();
});

test('a position outside of the stage is moved to its edge', () => {
  expect(cursorOf(packSignal({ x: -3, y: 7, stage: '' }, null))).toEqual({ x: 0, y: 1, stage: '' });
});

test('a game value that fits alone is always sent, without the cursor if needed', () => {
  const values = fc
    .string({ maxLength: 54 })
    .filter((text) => JSON.stringify({ g: text }).length <= SIGNAL_BYTES_MAX);
  fc.assert(
    fc.property(values, fc.float({ noNaN: true }), (text, x) => {
      const signal = packSignal({ x, y: x, stage: 'chamber' }, text);
      if (new TextEncoder().encode(JSON.stringify({ g: text })).length > SIGNAL_BYTES_MAX) return;
      expect(new TextEncoder().encode(JSON.stringify(signal)).length).toBeLessThanOrEqual(SIGNAL_BYTES_MAX);
      expect(gameValueOf(signal)).toBe(text);
    }),
  );
});

test('invalid signals of other pages are ignored', () => {
  for (const odd of [null, 7, 'x', [], {}, { c: 'here' }, { c: [1] }, { c: ['a', 2] }, { c: null }]) {
    expect(cursorOf(odd)).toBeNull();
  }
});
