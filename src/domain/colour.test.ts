/** Text stays readable on any colours that a studio chooses. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { contrast, inkOn, readable } from './colour.ts';

const colour = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => `#${value.toString(16).padStart(6, '0')}`);

test('black on white is 21 : 1, a colour on itself 1 : 1', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#336699', '#336699')).toBeCloseTo(1, 5);
});

test('black or white has a contrast of at least 4.5 : 1 on every colour', () => {
  fc.assert(fc.property(colour, (one) => expect(contrast(inkOn(one), one)).toBeGreaterThanOrEqual(4.5)));
});

test('an accent is mixed with the ink until its contrast to the paper is at least 4.5 : 1', () => {
  const paper = '#fdf4de';
  const ink = '#2c1838';
  fc.assert(
    fc.property(colour, (accent) => {
      expect(contrast(readable(accent, paper, ink), paper)).toBeGreaterThanOrEqual(4.5);
    }),
  );
  expect(readable(ink, paper, ink)).toBe(ink);
});
