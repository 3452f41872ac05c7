/** Computes the result of a room from its records and rules, with the reducer that players' pages use. */
import { durationMs, newReplay, replayRecords } from '../../../sdk/src/reducer.ts';
import type { GameRules } from '../../../sdk/src/rules.ts';
import type { RoomResult } from '../../domain/result.ts';

/** Throws when the records are not a contiguous log: the archive is damaged. */
export function replayResult(rules: GameRules<unknown, unknown>, records: Uint8Array): RoomResult {
  const replay = newReplay<unknown>();
  const outcome = replayRecords(replay, records, rules, () => {});
  if (outcome !== 'ok') throw new Error(`the log is ${outcome} after entry ${replay.seq}`);
  let before = 0;
  const puzzles = replay.solved.map(({ id, playMs }) => {
    const tookMs = playMs - before;
    before = playMs;
    return { id, atMs: playMs, tookMs };
  });
  return {
    finished: replay.progress?.done ?? false,
    durationMs: durationMs(replay) ?? 0,
    hints: replay.progress?.hints ?? 0,
    players: replay.movers.size,
    moves: replay.moves,
    puzzles,
    skipped: replay.skipped,
  };
}
