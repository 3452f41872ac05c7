/** The whole game: it can be completed, replays to the same state, and accepts any input. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { botMove } from './bot.ts';
import rules from './rules.ts';
import { ITEMS, type Move, PUZZLES, type State, TARGETS, WHEELS } from './rules/state.ts';
import { initialState, context, playOut } from './rules/testing.ts';

describe('a bot that is given only the state and its seat', () => {
  for (const seats of [[1], [1, 2], [2, 5, 3, 4]]) {
    test(`ends the game with ${seats.length} seats, for 300 seeds`, () => {
      for (let seed = 0; seed < 300; seed++) {
        const { state, moves } = playOut(Math.imul(seed, 0x9e3779b1) >>> 0, seats);
        expect(rules.progress(state)).toEqual({
          puzzles: PUZZLES.map((id) => ({ id, state: 'solved' })),
          done: true,
          hints: 0,
        });
        expect(moves.length).toBeLessThan(80);
        expect(state.bag).toHaveLength(1);
      }
    });
  }

  test('makes only moves that change the state', () => {
    for (let seed = 0; seed < 50; seed++) {
      let state = initialState(seed);
      for (let move = botMove(state, 1); move; move = botMove(state, 1)) {
        const next = rules.apply(state, move, context(1));
        expect(next).not.toBe(state);
        state = next;
      }
    }
  });
});

test('the same seed and moves give the same state, also through JSON at every step', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), (seed) => {
      const { state, moves } = playOut(seed, [1, 2]);
      let replayed = initialState(seed);
      for (const { move, seat } of moves) {
        replayed = json(rules.apply(json(replayed), json(move), context(seat)));
      }
      expect(replayed).toEqual(state);
    }),
    { numRuns: 30 },
  );
});

/** Almost moves: valid names with invalid values. */
const nearMove = fc.record(
  {
    type: fc.constantFrom(
      'take',
      'use',
      'face',
      'sing',
      'ring',
      'place',
      'post',
      'moon',
      'weight',
      'turn',
      'swing',
      'hint',
    ),
    item: fc.oneof(fc.constantFrom(...ITEMS), fc.jsonValue()),
    on: fc.oneof(fc.constantFrom(...TARGETS), fc.jsonValue()),
    puzzle: fc.oneof(fc.constantFrom(...PUZZLES), fc.jsonValue()),
    teeth: fc.oneof(fc.constantFrom(...WHEELS), fc.jsonValue()),
    ...Object.fromEntries(
      ['wheel', 'face', 'bell', 'arbor', 'post', 'part', 'value', 'tile', 'turn', 'step'].map((key) => [
        key,
        fc.oneof(fc.integer({ min: -2, max: 12 }), fc.double(), fc.jsonValue()),
      ]),
    ),
  },
  { requiredKeys: ['type'] },
);

test('apply is total under random JSON and never changes what it was given', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(fc.tuple(fc.oneof(nearMove, fc.jsonValue()), fc.integer({ min: 1, max: 4 })), {
        maxLength: 60,
      }),
      fc.nat(30),
      (seed, inputs, botMoves) => {
        let state = frozen(playOut(seed, [1], botMoves).state);
        for (const [value, seat] of inputs) {
          const move = rules.parse(value);
          if (!move) continue;
          state = frozen(rules.apply(state, frozen(move), context(seat)));
          expect(json(state)).toEqual(state);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('parse returns only the fields of a move', () => {
  const moves: Move[] = [
    { type: 'take', item: 'key' },
    { type: 'use', item: 'nut', on: 'run' },
    { type: 'face', wheel: 3, face: 5 },
    { type: 'sing' },
    { type: 'ring', bell: 2 },
    { type: 'place', teeth: 16, arbor: -1 },
    { type: 'post', post: 1 },
    { type: 'moon', part: 2, value: 3 },
    { type: 'weight', part: 0, value: 0 },
    { type: 'turn', tile: 11, turn: 3 },
    { type: 'swing' },
    { type: 'hint', puzzle: 'run', step: 1 },
  ];
  for (const move of moves) expect(rules.parse({ ...move, extra: 'x' })).toEqual(move);
  for (const value of [null, 1, 'ring', [], {}, { type: 'ring' }, { type: 'ring', bell: 5 }]) {
    expect(rules.parse(value)).toBeNull();
  }
});

test('no move changes the state once the pendulum swings', () => {
  const { state } = playOut(7, [1]);
  const moves: Move[] = [{ type: 'ring', bell: 1 }, { type: 'sing' }, { type: 'post', post: 0 }];
  for (const move of moves) expect(rules.apply(state, move, context(1))).toBe(state);
});

function json<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function frozen<T extends State | Move>(value: T): T {
  const freeze = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    Object.freeze(part);
    Object.values(part).forEach(freeze);
  };
  freeze(value);
  return value;
}
