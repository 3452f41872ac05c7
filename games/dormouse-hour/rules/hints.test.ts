/** Hints: three steps that fit the state, with a text in every language. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { botMove } from '../bot.ts';
import de from '../locales/de.json';
import en from '../locales/en.json';
import rules from '../rules.ts';
import { puzzleState } from './progress.ts';
import { type Move, PUZZLES, type State } from './state.ts';
import { initialState, context, play, playUntil } from './testing.ts';

const lastStep = (state: State, puzzle: string): string | undefined => rules.hints(state, puzzle).at(-1);

test('every open puzzle has three steps with a text in both languages, all others none', () => {
  const seen = new Set<string>();
  const checkHints = (state: State): void => {
    for (const puzzle of PUZZLES) {
      const open = puzzleState(state, puzzle) === 'open' && !state.swinging;
      const keys = rules.hints(state, puzzle);
      expect(keys).toHaveLength(open ? 3 : 0);
      for (const key of keys) {
        seen.add(key);
        expect(en).toHaveProperty([key]);
        expect(de).toHaveProperty([key]);
      }
    }
  };
  const otherMove = fc.record({
    kind: fc.constantFrom('face', 'ring', 'place', 'turn', 'moon', 'weight', 'post'),
    first: fc.nat(11),
    second: fc.nat(5),
  });
  const step = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: otherMove });
  fc.assert(
    fc.property(
      fc.nat(),
      fc.boolean(),
      fc.array(step, { minLength: 20, maxLength: 90 }),
      (seed, birdLate, script) => {
        let state = initialState(seed);
        checkHints(state);
        for (const [index, entry] of script.entries()) {
          const move = entry ? parseOther(entry) : helpfulMove(state, birdLate && index < 30);
          if (move) state = rules.apply(state, move, context(1));
          checkHints(state);
        }
      },
    ),
    { numRuns: 400 },
  );
  expect(rules.hints(initialState(1), 'no such puzzle')).toEqual([]);
  const unused = Object.keys(en).filter((key) => key.startsWith('hint.') && !seen.has(key));
  expect(unused.filter((key) => !key.includes('answer'))).toEqual([]);
});

/** The bot's move; with `birdLate` for a state in which the bird is open, so the bird is solved later. */
function helpfulMove(state: State, birdLate: boolean): Move | null {
  return botMove(birdLate ? { ...state, bird: { ...state.bird, wound: true, open: true } } : state, 1);
}

function parseOther({ kind, first, second }: { kind: string; first: number; second: number }): Move | null {
  const part = { part: first % 3, value: second % 4 };
  const fields: { readonly [kind: string]: object } = {
    face: { wheel: first % 4, face: second },
    ring: { bell: first % 5 },
    place: { teeth: 12 + 4 * (first % 4), arbor: (second % 4) - 1 },
    turn: { tile: first, turn: second % 4 },
    post: { post: first % 2 },
    moon: part,
    weight: part,
  };
  return rules.parse({ type: kind, ...fields[kind] });
}

describe('a hint never suggests what is done', () => {
  test('the key: first to take it, then to use it, then to listen', () => {
    let state = initialState(3);
    expect(rules.hints(state, 'bird')[0]).toBe('hint.bird.key');
    state = play(state, 1, { type: 'take', item: 'key' });
    expect(rules.hints(state, 'bird')[0]).toBe('hint.bird.use');
    state = play(state, 1, { type: 'use', item: 'key', on: 'bird' });
    expect(rules.hints(state, 'bird')[0]).toBe('hint.bird.listen');
  });

  test('following the last step of the drawer opens it', () => {
    let state = initialState(11);
    while (!state.drawer.open) {
      const [wheel, face] = (lastStep(state, 'drawer') ?? '').split('.').slice(-2).map(Number);
      const next = play(state, 1, { type: 'face', wheel: wheel ?? 0, face: face ?? 0 });
      expect(next).not.toBe(state);
      state = next;
    }
  });

  test('following the last step of the run leads to the nut, and the nut to its end', () => {
    let state = playUntil(5, ({ train }) => train.solved);
    for (let turns = 0; lastStep(state, 'run') !== 'hint.run.drop'; turns++) {
      expect(turns).toBeLessThan(60);
      const tile = Number((lastStep(state, 'run') ?? '').split('.').at(-1));
      const turn = ((state.run.tiles[tile]?.turn ?? 0) + 1) % 4;
      state = play(state, 1, { type: 'turn', tile, turn });
    }
    expect(play(state, 1, { type: 'use', item: 'nut', on: 'run' }).run.solved).toBe(true);
  });

  test('the hints never suggest to place a wheel that is still in the loft', () => {
    let state = playUntil(5, ({ drawer }) => drawer.open);
    const locked = { ...state.bird, open: false, right: 0 };
    state = { ...state, bird: locked, bag: ['crank', 'wheel12', 'wheel24'] };
    state = play(state, 1, { type: 'use', item: 'crank', on: 'hatch' });
    while (lastStep(state, 'train')?.startsWith('hint.train.answer')) {
      const [arbor, teeth] = (lastStep(state, 'train') ?? '').split('.').slice(-2).map(Number);
      state = play(state, 1, { type: 'place', arbor: arbor ?? 0, teeth: teeth ?? 0 });
    }
    expect(rules.hints(state, 'train')).toEqual(['hint.train.missing', 'hint.train.loft', 'hint.train.bird']);
  });
});

describe('taking a hint', () => {
  test('counts each step once, in order', () => {
    const step = (number: number): Move => ({ type: 'hint', puzzle: 'drawer', step: number });
    let state = initialState(1);
    expect(play(state, 1, step(2))).toBe(state);
    expect(play(state, 1, step(0))).toBe(state);
    state = play(state, 1, step(1), step(1), step(2), step(3), step(4));
    expect(rules.progress(state).hints).toBe(3);
  });

  test('of a closed puzzle changes nothing', () => {
    const state = initialState(1);
    expect(play(state, 1, { type: 'hint', puzzle: 'run', step: 1 })).toBe(state);
  });
});
