/**
 * The types of a game's rules: a pure reducer that gives the same result in every browser, in `stats`
 * and in tests.
 *
 * If `apply` throws, the move is skipped everywhere and reported. For a move that is not valid in the
 * state, it returns the given state itself. Rules use no clock, no `Math.random` and nothing that
 * depends on locale or engine: time and random numbers come with the context.
 */
export interface Setup<Options> {
  /** The room's seed: a 32-bit unsigned integer. */
  readonly seed: number;
  readonly options: Options;
}

export interface MoveContext {
  readonly seq: number;
  /** Milliseconds since the room began. */
  readonly ms: number;
  readonly seat: number;
  /** Returns the next number in [0, 1). The sequence depends only on the room's seed and this seq. */
  random(): number;
}

export type PuzzleState = 'closed' | 'open' | 'solved';

export interface Progress {
  /** All puzzles of the game, in the order of the story. */
  readonly puzzles: readonly { readonly id: string; readonly state: PuzzleState }[];
  /** The team has reached the end. */
  readonly done: boolean;
  /** Hint steps taken so far. */
  readonly hints: number;
}

export interface GameRules<State, Move, Options = unknown> {
  init(setup: Setup<Options>): State;
  /** Checks a decoded JSON body and returns it as a move; null = not a move of this game. */
  parse(value: unknown): Move | null;
  apply(state: State, move: Move, context: MoveContext): State;
  progress(state: State): Progress;
  /**
   * The hint steps for an open puzzle as text keys, from a nudge to the solution (three for most
   * puzzles). They depend on the state, so that they do not advise what is already done.
   */
  hints(state: State, puzzle: string): readonly string[];
}

/** Returns the rules unchanged; checks their types. */
export function defineGame<State, Move, Options = unknown>(
  rules: GameRules<State, Move, Options>,
): GameRules<State, Move, Options> {
  return rules;
}
