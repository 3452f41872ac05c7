/**
 * The backlog: rooms that an earlier process left in the log. After a crash all of them are old enough to be due at
 * once, in all processes of the machine; sweeping them together would block the main database for the players who
 * reconnect. So their sweeps are spread evenly over BACKLOG_MS; a small backlog is swept sooner.
 */
import type { Clock } from '../../lib/world.ts';

/** Interval between shares. */
export const BACKLOG_INTERVAL_MS = 1_000;
/** The smallest share: as many rooms as one transaction takes. */
export const BACKLOG_SHARE_ROOMS_MIN = 16;
/** Time until all rooms are swept: longer than players need to reconnect, shorter than the time to a next crash. */
export const BACKLOG_MS = 90_000;

export class Backlog {
  private readonly clock: Clock;
  private readonly startedAt: number;
  private readonly roomsPerInterval: number;
  /** Rooms that were not taken yet. */
  private readonly rooms: Set<string>;
  private taken = 0;

  constructor(clock: Clock, rooms: Iterable<string>) {
    this.clock = clock;
    this.startedAt = clock.mono();
    this.rooms = new Set(rooms);
    const evenShare = (this.rooms.size * BACKLOG_INTERVAL_MS) / BACKLOG_MS;
    this.roomsPerInterval = Math.max(BACKLOG_SHARE_ROOMS_MIN, evenShare);
  }

  get size(): number {
    return this.rooms.size;
  }

  has(room: string): boolean {
    return this.rooms.has(room);
  }

  /** Removes and returns the rooms that became due since the last call. */
  take(): readonly string[] {
    const intervals = 1 + (this.clock.mono() - this.startedAt) / BACKLOG_INTERVAL_MS;
    const count = Math.floor(intervals * this.roomsPerInterval) - this.taken;
    this.taken += count;
    const share = [...this.rooms].slice(0, count);
    for (const room of share) this.rooms.delete(room);
    return share;
  }
}
