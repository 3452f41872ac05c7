/**
 * Compaction, so that rooms that are not archived do not keep old segments forever: when many newer segments exist
 * and little of an old one is live, its live runs are written again into the active segment, in small steps with
 * pauses, as part of ordinary commits.
 *
 * Bound: only segments with at most LIVE_SHARE_MAX live bytes are compacted, so the segments on disk take little
 * more than `compactionLagSegments` segments plus live bytes / LIVE_SHARE_MAX; live bytes are limited
 * (docs/decisions, journal compaction).
 */
import { pause } from '../../../lib/pause.ts';
import type { World } from '../../../lib/world.ts';
import type { MoveOperation } from './commit-batch.ts';
import type { JournalRoom, SegmentUsage, StoredRun } from './journal-room.ts';
import type { JournalRooms } from './journal-rooms.ts';

export const LIVE_SHARE_MAX = 1 / 4;
/** Bytes moved per step, unless a single run is longer. */
const STEP_BYTES = 128 * 1024;
const STEP_PAUSE_MS = 20;
const STEPS_MAX = 500;

export interface CompactionDeps {
  readonly world: World;
  readonly rooms: JournalRooms;
  readonly limits: { readonly segmentBytes: number; readonly compactionLagSegments: number };
  /** Number of the active segment. */
  activeSegment(): number;
  /** false = refused. */
  enqueue(operation: MoveOperation): boolean;
  /** true = stop before the next step. */
  isStopped(): boolean;
}

/** Runs until no segment is left to compact, a move is refused, or STEPS_MAX steps were made. */
export async function compact(deps: CompactionDeps): Promise<void> {
  for (let step = 0; step < STEPS_MAX && !deps.isStopped(); step++) {
    const segment = findSparseSegment(deps);
    if (!segment) return;
    const moves = [...nextMoves(segment)].map(([room, runs]) => moveRuns(deps, room, runs));
    if ((await Promise.all(moves)).includes(false)) return;
    await pause(deps.world.timers, STEP_PAUSE_MS);
  }
}

/** The oldest segment to compact; null = none. */
function findSparseSegment({ rooms, limits, activeSegment }: CompactionDeps): SegmentUsage | null {
  const endNumber = activeSegment() - limits.compactionLagSegments;
  let oldest: SegmentUsage | null = null;
  for (const segment of rooms.segments()) {
    if (segment.liveRuns === 0 || segment.number >= endNumber) continue;
    if (segment.liveBytes > limits.segmentBytes * LIVE_SHARE_MAX) continue;
    if (!oldest || segment.number < oldest.number) oldest = segment;
  }
  return oldest;
}

/** The runs of the next step, by room. */
function nextMoves(segment: SegmentUsage): ReadonlyMap<JournalRoom, readonly StoredRun[]> {
  const moves = new Map<JournalRoom, StoredRun[]>();
  let bytes = 0;
  for (const room of segment.rooms) {
    for (const run of room.runs) {
      if (run.location.segment !== segment) continue;
      bytes += run.length;
      if (bytes > STEP_BYTES && moves.size > 0) return moves;
      const runs = moves.get(room);
      if (runs) runs.push(run);
      else moves.set(room, [run]);
    }
  }
  return moves;
}

function moveRuns(
  { enqueue }: CompactionDeps,
  room: JournalRoom,
  runs: readonly StoredRun[],
): Promise<boolean> {
  return new Promise((resolve) => {
    if (!enqueue({ kind: 'move', room, runs, resolve })) resolve(false);
  });
}
