/** Names and colours of players. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { cleanName, colourByCss, colourById, freeColour, NAME_LENGTH_MAX, SEAT_COLOURS } from './seat.ts';

const graphemes = new Intl.Segmenter('en');

describe("a player's name", () => {
  test.each([
    ['Ada', 'Ada'],
    ['  Ada \t Lovelace ', 'Ada Lovelace'],
    ['A\u0000d\u001ba', 'A d a'],
    // A right-to-left override would reverse the text that follows it.
    ['abc\u202edef', 'abc def'],
    ['Zoe\u0308', 'Zo\u00eb'],
    ['\u{1F469}\u200d\u{1F52C} Ada', '\u{1F469}\u200d\u{1F52C} Ada'],
    ['\u0645\u06cc\u200c\u062e', '\u0645\u06cc\u200c\u062e'],
  ])('%j becomes %j', (given, clean) => {
    expect(cleanName(given)).toBe(clean);
  });

  test.each(['', '   ', '\u200b\ufeff', 'x'.repeat(NAME_LENGTH_MAX + 1), `a${'\u0301'.repeat(200)}`])(
    '%j is not valid',
    (given) => {
      expect(cleanName(given)).toBeNull();
    },
  );

  test('cleaning is idempotent, and the result is short and one line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (given) => {
        const clean = cleanName(given);
        if (clean === null) return;
        expect(cleanName(clean)).toBe(clean);
        expect(clean).not.toMatch(/[\p{Cc}\n\u2028\u2029\u202a-\u202e]/u);
        expect([...graphemes.segment(clean)].length).toBeLessThanOrEqual(NAME_LENGTH_MAX);
      }),
    );
  });
});

describe('colours', () => {
  test('each has its own CSS colour and its own shape', () => {
    expect(new Set(SEAT_COLOURS.map(({ css }) => css)).size).toBe(8);
    expect(new Set(SEAT_COLOURS.map(({ shape }) => shape)).size).toBe(8);
  });

  test('are found by id and by the stored CSS colour', () => {
    expect(colourById('pink')?.css).toBe('#cc79a7');
    expect(colourById('mauve')).toBeNull();
    expect(colourByCss('#0072b2').id).toBe('blue');
  });

  test('are unique in a team: the preferred one if it is free, else the first free one', () => {
    const pink = colourById('pink');
    expect(freeColour(pink, []).id).toBe('pink');
    expect(freeColour(pink, ['#cc79a7', '#e69f00']).id).toBe('sky');
    expect(freeColour(null, []).id).toBe('orange');
  });
});
