/** Rooms that could not be archived, and how long each is left alone before the next try. */
import type { Clock, Random } from '../../lib/world.ts';

interface Trouble {
  failures: number;
  /** Monotonic ms. */
  waitUntil: number;
  why: string;
}

const WAIT_MS_MIN = 15_000;
const WAIT_MS_MAX = 10 * 60_000;

export class RetryTracker {
  private readonly rooms = new Map<string, Trouble>();
  private readonly clock: Clock;
  private readonly random: Random;

  constructor(world: { readonly clock: Clock; readonly random: Random }) {
    this.clock = world.clock;
    this.random = world.random;
  }

  /** Each failure doubles the wait, up to ten minutes, with jitter. */
  add(room: string, why: string): void {
    const failures = (this.rooms.get(room)?.failures ?? 0) + 1;
    const most = Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** Math.min(failures, 30));
    const waitUntil = this.clock.mono() + most * (0.5 + this.random.next() / 2);
    this.rooms.set(room, { failures, waitUntil, why });
  }

  clear(room: string): void {
    this.rooms.delete(room);
  }

  /** Forgets rooms that are not in the live log any more. */
  keep(live: ReadonlySet<string>): void {
    for (const room of this.rooms.keys()) if (!live.has(room)) this.rooms.delete(room);
  }

  mustWait(room: string): boolean {
    return (this.rooms.get(room)?.waitUntil ?? 0) > this.clock.mono();
  }

  /** For the status page; null when all is well. */
  sentence(): string | null {
    const [first] = this.rooms;
    if (!first) return null;
    const [room, { why, failures }] = first;
    return `${this.rooms.size} rooms cannot be archived; room ${room} failed ${failures} times: ${why}`;
  }
}
