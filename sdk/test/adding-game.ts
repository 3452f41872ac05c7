/** A game for tests: moves add numbers to a sum or draw random numbers; the sum solves the puzzles. */
import type { GameRules } from '../src/rules.ts';

export interface AddingState {
  readonly sum: number;
  readonly by: { readonly [seat: string]: number };
  readonly chances: readonly number[];
  readonly seqs: readonly number[];
}
export type AddingMove =
  | { readonly type: 'add'; readonly n: number }
  | { readonly type: 'roll' }
  | { readonly type: 'throw' };

/** A sum of ten solves the first puzzle; twenty solves the second one and ends the game. */
export const addingGame: GameRules<AddingState, AddingMove> = {
  init: ({ seed }) => ({ sum: 0, by: { seed }, chances: [], seqs: [] }),
  parse(value) {
    const move = value as { type?: unknown; n?: unknown } | null;
    if (move?.type === 'add' && typeof move.n === 'number') return { type: 'add', n: move.n };
    if (move?.type === 'roll' || move?.type === 'throw') return { type: move.type };
    return null;
  },
  apply(state, move, { seq, seat, random }) {
    if (move.type === 'throw') throw new Error('thrown on purpose');
    if (move.type === 'roll') return { ...state, chances: [...state.chances, random(), random()] };
    if (move.n === 0) return state;
    const by = { ...state.by, [seat]: (state.by[seat] ?? 0) + move.n };
    return { ...state, sum: state.sum + move.n, by, seqs: [...state.seqs, seq] };
  },
  progress: ({ sum }) => ({
    puzzles: [
      { id: 'ten', state: sum >= 10 ? 'solved' : 'open' },
      { id: 'twenty', state: sum >= 20 ? 'solved' : 'closed' },
    ],
    done: sum >= 20,
    hints: 0,
  }),
  hints: () => [],
};
