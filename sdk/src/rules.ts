/**
 * A game's rules: one pure reducer that runs alike in every browser, in `stats` and in tests.
 *
 * `apply` is total: if it throws, the move is skipped everywhere alike and reported. A move that is
 * no longer valid returns the state it was given. No clock, no `Math.random`, nothing that depends
 * on locale or engine: time and chance come with the context.
 */
export interface Setup<Options> {
  /** 32-bit unsigned; the room's own. */
  readonly seed: number;
  readonly options: Options;
}

export interface MoveContext {
  readonly seq: number;
  /** Milliseconds since the room began. */
  readonly ms: number;
  readonly seat: number;
  /** Numbers in [0, 1), the same on every machine: made of the room's seed and this seq. */
  random(): number;
}

export type PuzzleState = 'closed' | 'open' | 'solved';

export interface Progress {
  /** All puzzles of the game in story order. */
  readonly puzzles: readonly { readonly id: string; readonly state: PuzzleState }[];
  /** The team has reached the end. */
  readonly done: boolean;
  /** Hint steps taken so far. */
  readonly hints: number;
}

export interface GameRules<State, Move, Options = unknown> {
  init(setup: Setup<Options>): State;
  /** Turns a decoded JSON body into a move; null = not a move of this game. */
  parse(value: unknown): Move | null;
  apply(state: State, move: Move, context: MoveContext): State;
  progress(state: State): Progress;
  /**
   * The hint steps for an open puzzle as text keys, from nudge to answer (three for most puzzles);
   * they read the state, so that nothing already done is advised.
   */
  hints(state: State, puzzle: string): readonly string[];
}

/** Gives the rules their types end to end; nothing else happens here. */
export function defineGame<State, Move, Options = unknown>(
  rules: GameRules<State, Move, Options>,
): GameRules<State, Move, Options> {
  return rules;
}
