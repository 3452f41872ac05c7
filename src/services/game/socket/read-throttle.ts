/** Stops reading a socket for a while when its seat is over the rate limit (I6). */
import type { World } from '../../../lib/world.ts';
import type { Peer } from '../../../ports/frontend/frontend.ts';
import type { SeatRateLimit } from './rate-limits.ts';

export interface ReadThrottleLimits {
  /** Longest pause in reading; a larger debt of the seat closes the socket (4002). */
  readonly pauseMsMax: number;
}

export const READ_THROTTLE_LIMITS: ReadThrottleLimits = { pauseMsMax: 5_000 };

export class ReadThrottle {
  private readonly peer: Peer;
  private readonly rateLimit: SeatRateLimit;
  private readonly limits: ReadThrottleLimits;
  private readonly world: World;
  private cancel: (() => void) | null = null;
  /** Latest end of the current pause, monotonic ms. */
  private resumeAtMax = 0;

  constructor(peer: Peer, rateLimit: SeatRateLimit, limits: ReadThrottleLimits, world: World) {
    this.peer = peer;
    this.rateLimit = rateLimit;
    this.limits = limits;
    this.world = world;
  }

  /** Counts a message; false = the debt is above `pauseMsMax` and the socket must be closed. */
  takeMessage(): boolean {
    const now = this.world.clock.mono();
    const debtMs = this.rateLimit.takeMessage(now);
    // The fast path: runs for nearly every message.
    if (debtMs === 0 && !this.rateLimit.isOverShare(now)) return true;
    return this.throttle(debtMs, now);
  }

  /** Counts a signal, a protocol ping, or a WebSocket ping or pong; false as in `takeMessage`. */
  takeControlFrame(): boolean {
    const now = this.world.clock.mono();
    return this.throttle(this.rateLimit.takeControlFrame(now), now);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private throttle(debtMs: number, now: number): boolean {
    if (debtMs > this.limits.pauseMsMax) return false;
    if (this.cancel !== null) return true;
    const waitMs = this.rateLimit.waitMs(now);
    if (waitMs === 0) return true;
    this.peer.pause();
    this.resumeAtMax = now + this.limits.pauseMsMax;
    this.scheduleResume(waitMs, now);
    return true;
  }

  private scheduleResume(waitMs: number, now: number): void {
    const ms = Math.ceil(Math.min(waitMs, this.resumeAtMax - now));
    this.cancel = this.world.timers.after(ms, () => {
      this.cancel = null;
      // Frames that had been read already, and other sockets of the seat, may have added to the debt.
      const later = this.world.clock.mono();
      const leftMs = this.rateLimit.waitMs(later);
      if (leftMs > 0 && later < this.resumeAtMax) this.scheduleResume(leftMs, later);
      else this.peer.resume();
    });
  }
}
