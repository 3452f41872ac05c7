/** What `stats` computes of a finished room, and how it compares. */
export interface RoomResult {
  readonly finished: boolean;
  /** From the first move to the one that ended the game, pauses taken out, milliseconds. */
  readonly durationMs: number;
  readonly hints: number;
  /** Seats that made at least one move. */
  readonly players: number;
  readonly moves: number;
  /** In the order in which they were solved; `tookMs` since the previous one was solved. */
  readonly puzzles: readonly { readonly id: string; readonly atMs: number; readonly tookMs: number }[];
  /** Positions of moves that `apply` threw on: skipped everywhere alike. */
  readonly skipped: readonly number[];
}

/** Fewer finished teams than this give no comparison. */
export const COMPARISON_TEAMS_MIN = 5;

/**
 * The share of other finished teams that took longer, as 0 … 100, rounded down; null when there are
 * fewer than COMPARISON_TEAMS_MIN teams. Ties count half.
 */
export function percentile(durationMs: number, others: readonly number[]): number | null {
  if (others.length < COMPARISON_TEAMS_MIN) return null;
  const slower = others.filter((other) => other > durationMs).length;
  const equal = others.filter((other) => other === durationMs).length;
  return Math.floor((100 * (slower + equal / 2)) / others.length);
}
