/**
 * The game of the simulation: its state depends on the order of the moves, so that two pages with different
 * orders cannot agree.
 */
import type { GameRules } from '../../sdk/src/rules.ts';

export interface Tally {
  readonly count: number;
  /** Hash of the moves in their order, and of the random number that the rules drew for each. */
  readonly hash: number;
}
export interface CountedMove {
  readonly id: number;
}

/** The game is done after this many moves; play may go on. */
const MOVES = 60;

const progress = { puzzles: [], done: false, hints: 0 };
const done = { ...progress, done: true };

export const orderGame: GameRules<Tally, CountedMove> = {
  init: ({ seed }) => ({ count: 0, hash: seed }),
  parse: (value) => value as CountedMove,
  apply: ({ count, hash }, { id }, { random }) => ({
    count: count + 1,
    hash: Math.imul(hash ^ id ^ Math.floor(random() * 1e9), 0x01000193) ^ (hash >>> 13),
  }),
  progress: ({ count }) => (count < MOVES ? progress : done),
  hints: () => [],
};
