/**
 * Rooms that nobody archives must not keep old segments for ever: a segment that many newer ones
 * follow and of which little is still live is emptied by writing those entries again, into the
 * present segment. In small steps with pauses between, each within an ordinary commit.
 *
 * Only segments with little left are worth it: what is written again is at most LIVE_SHARE_MAX of
 * what becomes free. So the segments on the disk are together never much longer than
 * `segmentsBehindMax` of them and 1 / LIVE_SHARE_MAX times the live bytes, which have a bound
 * (docs/decisions, journal compaction).
 */
import type { World } from '../../../lib/world.ts';
import type { MoveOperation } from './commit-batch.ts';
import type { JournalRoom, JournalRooms, SegmentUse } from './journal-rooms.ts';
import type { StoredRun } from './stored-run.ts';

export const LIVE_SHARE_MAX = 1 / 4;
/** What one step writes again, if no single run is longer. */
const STEP_BYTES = 128 * 1024;
const STEP_PAUSE_MS = 20;
const STEPS_MAX = 500;

export interface CompactionDeps {
  readonly world: World;
  readonly rooms: JournalRooms;
  readonly limits: { readonly segmentBytes: number; readonly segmentsBehindMax: number };
  /** The segment that is being written. */
  present(): number;
  /** False = refused, nothing will come of it. */
  add(operation: MoveOperation): boolean;
  /** True = no further step. */
  stopped(): boolean;
}

/** Ends when there is nothing left to do, the journal takes no more, or after STEPS_MAX steps. */
export async function compact(parts: CompactionDeps): Promise<void> {
  for (let step = 0; step < STEPS_MAX && !parts.stopped(); step++) {
    const segment = sparseSegment(parts);
    if (!segment) return;
    const moves = [...oneStep(segment)].map(([room, runs]) => moved(parts, room, runs));
    if ((await Promise.all(moves)).includes(false)) return;
    await new Promise<void>((resolve) => parts.world.timers.after(STEP_PAUSE_MS, resolve));
  }
}

/** The oldest one that is worth it. */
function sparseSegment({ rooms, limits, present }: CompactionDeps): SegmentUse | null {
  const newest = present() - limits.segmentsBehindMax;
  let oldest: SegmentUse | null = null;
  for (const use of rooms.segments()) {
    if (use.liveRuns === 0 || use.number >= newest) continue;
    if (use.liveBytes > limits.segmentBytes * LIVE_SHARE_MAX) continue;
    if (!oldest || use.number < oldest.number) oldest = use;
  }
  return oldest;
}

function oneStep(segment: SegmentUse): ReadonlyMap<JournalRoom, readonly StoredRun[]> {
  const moves = new Map<JournalRoom, StoredRun[]>();
  let bytes = 0;
  for (const room of segment.rooms) {
    for (const run of room.runs) {
      if (run.place.segment !== segment) continue;
      bytes += run.length;
      if (bytes > STEP_BYTES && moves.size > 0) return moves;
      const runs = moves.get(room);
      if (runs) runs.push(run);
      else moves.set(room, [run]);
    }
  }
  return moves;
}

function moved({ add }: CompactionDeps, room: JournalRoom, runs: readonly StoredRun[]): Promise<boolean> {
  return new Promise((answer) => {
    if (!add({ kind: 'move', room, runs, answer })) answer(false);
  });
}
