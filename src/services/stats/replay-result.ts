/** From a room's records and rules to its result: the reducer of the players' pages, nothing else. */
import { durationMs, newReplay, replayRecords } from '../../../sdk/src/reducer.ts';
import type { GameRules } from '../../../sdk/src/rules.ts';
import type { RoomResult } from '../../domain/result.ts';

/** Throws when the bytes are no contiguous log: that is a damaged archive, not a result. */
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
