/**
 * How much replay may go out before other work gets its turn: fifty players who join at once must
 * not delay anybody's move.
 */
import type { Timers } from '../../../lib/world.ts';

const BYTES_PER_TURN = 512 * 1024;

export class ReplayThrottle {
  private left = BYTES_PER_TURN;
  private turning = false;
  private waiting: (() => void)[] = [];
  private readonly timers: Timers;

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /** null = go on at once; else go on when it resolves. */
  turn(): Promise<void> | null {
    return this.left > 0 ? null : new Promise((resolve) => this.waiting.push(resolve));
  }

  spent(bytes: number): void {
    this.left -= bytes;
    if (this.turning) return;
    this.turning = true;
    this.timers.after(0, () => {
      this.turning = false;
      this.left = BYTES_PER_TURN;
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.timers.after(ms, resolve));
  }
}
