/**
 * Rooms that a process before has left in the log. After a crash all of them are old enough to be swept
 * at once, on a machine with several processes in all of these: they would keep each other and everybody
 * who comes back waiting for the main database. So they are swept evenly over a time; where there are
 * few, sooner.
 */
import type { Clock } from '../../lib/world.ts';

/** The shares are so far apart. */
export const BACKLOG_TURN_MS = 1_000;
/** A share is at least so many: one transaction. */
export const BACKLOG_ROOMS_PER_TURN_MIN = 16;
/** All are swept after this: not while everybody comes back, and soon enough for the next crash. */
export const BACKLOG_MS = 90_000;

export class Backlog {
  private readonly clock: Clock;
  private readonly beganAt: number;
  private readonly roomsPerTurn: number;
  /** Those whose turn has not come. */
  private readonly rooms: Set<string>;
  private taken = 0;

  constructor(clock: Clock, rooms: Iterable<string>) {
    this.clock = clock;
    this.beganAt = clock.mono();
    this.rooms = new Set(rooms);
    const evenly = (this.rooms.size * BACKLOG_TURN_MS) / BACKLOG_MS;
    this.roomsPerTurn = Math.max(BACKLOG_ROOMS_PER_TURN_MIN, evenly);
  }

  get size(): number {
    return this.rooms.size;
  }

  has(room: string): boolean {
    return this.rooms.has(room);
  }

  /** The rooms whose turn has come since the last call. */
  take(): readonly string[] {
    const turn = 1 + (this.clock.mono() - this.beganAt) / BACKLOG_TURN_MS;
    const count = Math.floor(turn * this.roomsPerTurn) - this.taken;
    this.taken += count;
    const share = [...this.rooms].slice(0, count);
    for (const room of share) this.rooms.delete(room);
    return share;
  }
}
