/** The result of a finished room, computed by the stats service, and its comparison with other teams. */
export interface RoomResult {
  readonly finished: boolean;
  /** From the first move to the one that ended the game, without pauses, ms. */
  readonly durationMs: number;
  readonly hints: number;
  /** Seats that made at least one move. */
  readonly players: number;
  readonly moves: number;
  /** In the order of solving. Play time in ms: `atMs` since the start, `tookMs` since the previous puzzle was solved. */
  readonly puzzles: readonly { readonly id: string; readonly atMs: number; readonly tookMs: number }[];
  /** Seqs of moves on which `apply` threw: all replays skip them. */
  readonly skipped: readonly number[];
}

/** With fewer other finished teams there is no comparison. */
export const COMPARISON_TEAMS_MIN = 5;

/**
 * Percentage (0 … 100, rounded down) of other finished teams that took longer; ties count half. null when there are
 * fewer than COMPARISON_TEAMS_MIN.
 */
export function percentile(durationMs: number, others: readonly number[]): number | null {
  if (others.length < COMPARISON_TEAMS_MIN) return null;
  const slower = others.filter((other) => other > durationMs).length;
  const equal = others.filter((other) => other === durationMs).length;
  return Math.floor((100 * (slower + equal / 2)) / others.length);
}
