/**
 * Limits the bytes that all replays send in one tick of the event loop: fifty players who join at once must
 * not delay moves.
 */
import { pause } from '../../../lib/pause.ts';
import type { Timers } from '../../../lib/world.ts';

const BYTES_PER_TICK = 512 * 1024;

export class ReplayThrottle {
  private budget = BYTES_PER_TICK;
  private isRefillScheduled = false;
  private waiting: (() => void)[] = [];
  private readonly timers: Timers;

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /** null = continue at once; otherwise continue when it resolves. */
  waitForBudget(): Promise<void> | null {
    return this.budget > 0 ? null : new Promise((resolve) => this.waiting.push(resolve));
  }

  consume(bytes: number): void {
    this.budget -= bytes;
    if (this.isRefillScheduled) return;
    this.isRefillScheduled = true;
    this.timers.after(0, () => {
      this.isRefillScheduled = false;
      this.budget = BYTES_PER_TICK;
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  pause(ms: number): Promise<void> {
    return pause(this.timers, ms);
  }
}
