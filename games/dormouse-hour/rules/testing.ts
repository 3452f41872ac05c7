/** Helpers for tests of the rules. */
import type { MoveContext } from '@escapement/sdk';
import { botMove } from '../bot.ts';
import rules from '../rules.ts';
import type { Move, State } from './state.ts';

export function initialState(seed: number): State {
  return rules.init({ seed, options: {} });
}

/** Only the seat matters: these rules use neither the time nor the randomness of a move. */
export function context(seat: number): MoveContext {
  return { seq: 1, ms: 0, seat, random: () => 0 };
}

export function play(state: State, seat: number, ...moves: readonly Move[]): State {
  return moves.reduce((before, move) => rules.apply(before, move, context(seat)), state);
}

export interface Played {
  readonly state: State;
  readonly moves: readonly { readonly move: Move; readonly seat: number }[];
}

/** Bots play in turn until none of them has a move, or until `limit` moves are made. */
export function playOut(seed: number, seats: readonly number[], limit = 500): Played {
  let state = initialState(seed);
  const moves: { move: Move; seat: number }[] = [];
  for (let idle = 0, turn = 0; idle < seats.length && moves.length < limit; turn++) {
    const seat = seats[turn % seats.length] ?? 1;
    const move = botMove(state, seat);
    idle = move ? 0 : idle + 1;
    if (!move) continue;
    state = rules.apply(state, move, context(seat));
    moves.push({ move, seat });
  }
  return { state, moves };
}

/** Plays the bot's moves until `until` returns true. Throws if the game ends before. */
export function playUntil(seed: number, until: (state: State) => boolean): State {
  let state = initialState(seed);
  while (!until(state)) {
    const move = botMove(state, 1);
    if (!move) throw new Error('the game ended before');
    state = rules.apply(state, move, context(1));
  }
  return state;
}
