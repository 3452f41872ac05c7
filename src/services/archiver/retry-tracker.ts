/** Rooms that could not be archived, and when each may be tried again. */
import { backoffMs, withEqualJitter } from '../../lib/backoff.ts';
import type { Clock, Random } from '../../lib/world.ts';

interface RoomFailure {
  failures: number;
  /** Monotonic ms. */
  waitUntil: number;
  why: string;
}

const RETRY = { firstMs: 30_000, maxMs: 10 * 60_000 };

export class RetryTracker {
  private readonly rooms = new Map<string, RoomFailure>();
  private readonly clock: Clock;
  private readonly random: Random;

  constructor(world: { readonly clock: Clock; readonly random: Random }) {
    this.clock = world.clock;
    this.random = world.random;
  }

  /** Each consecutive failure doubles the backoff. */
  recordFailure(room: string, why: string): void {
    const failures = (this.rooms.get(room)?.failures ?? 0) + 1;
    const waitUntil = this.clock.mono() + withEqualJitter(backoffMs(RETRY, failures), this.random);
    this.rooms.set(room, { failures, waitUntil, why });
  }

  recordSuccess(room: string): void {
    this.rooms.delete(room);
  }

  /** Removes rooms that are no longer in the live log. */
  retain(live: ReadonlySet<string>): void {
    for (const room of this.rooms.keys()) if (!live.has(room)) this.rooms.delete(room);
  }

  isBackingOff(room: string): boolean {
    return (this.rooms.get(room)?.waitUntil ?? 0) > this.clock.mono();
  }

  /** For the status page; null = no room has failed. */
  health(): string | null {
    const [first] = this.rooms;
    if (!first) return null;
    const [room, { why, failures }] = first;
    return `${this.rooms.size} rooms cannot be archived; room ${room} failed ${failures} times: ${why}`;
  }
}
