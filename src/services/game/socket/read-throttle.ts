/** How fast a socket is read: over its rate the server stops reading it for a while (rule 6). */
import type { World } from '../../../lib/world.ts';
import type { Peer } from '../../../ports/frontend/frontend.ts';
import type { SeatRateLimit } from './rate-limits.ts';

export interface ReadThrottleLimits {
  /** Reading stops at most this long at a time; a player's debt of more closes the socket (4002). */
  readonly pauseMsMax: number;
}

export const READ_THROTTLE_LIMITS: ReadThrottleLimits = { pauseMsMax: 5_000 };

export class ReadThrottle {
  private readonly peer: Peer;
  private readonly pace: SeatRateLimit;
  private readonly limits: ReadThrottleLimits;
  private readonly world: World;
  private cancel: (() => void) | null = null;
  /** When the present pause is over at the latest. */
  private readAgainAt = 0;

  constructor(peer: Peer, pace: SeatRateLimit, limits: ReadThrottleLimits, world: World) {
    this.peer = peer;
    this.pace = pace;
    this.limits = limits;
    this.world = world;
  }

  /** A message came; false = so far over the rate that the socket must go. */
  message(): boolean {
    const now = this.world.clock.mono();
    const debtMs = this.pace.message(now);
    // Nearly always, and on the way of every move.
    if (debtMs === 0 && !this.pace.overShare(now)) return true;
    return this.goesOn(debtMs, now);
  }

  /** A signal came, or a ping of either kind. */
  small(): boolean {
    const now = this.world.clock.mono();
    return this.goesOn(this.pace.controlFrame(now), now);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private goesOn(debtMs: number, now: number): boolean {
    if (debtMs > this.limits.pauseMsMax) return false;
    if (this.cancel !== null) return true;
    const waitMs = this.pace.waitMs(now);
    if (waitMs === 0) return true;
    this.peer.pause();
    this.readAgainAt = now + this.limits.pauseMsMax;
    this.sleep(waitMs, now);
    return true;
  }

  private sleep(waitMs: number, now: number): void {
    const ms = Math.ceil(Math.min(waitMs, this.readAgainAt - now));
    this.cancel = this.world.timers.after(ms, () => {
      this.cancel = null;
      // Frames that were already read, and other sockets of the seat, may have added to the debt.
      const later = this.world.clock.mono();
      const left = this.pace.waitMs(later);
      if (left > 0 && later < this.readAgainAt) this.sleep(left, later);
      else this.peer.resume();
    });
  }
}
