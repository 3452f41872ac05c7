/**
 * Heartbeats: a timer wheel that calls every room once per HEARTBEAT_MS, a few rooms at a time, so that
 * thousands of rooms never beat at once.
 */
import type { Clock, Timers } from '../../../lib/world.ts';

export const HEARTBEAT_MS = 15_000;
const SPOKES = 150;
/** 100 ms. The rooms of one spoke are called in a row, which must not delay a move noticeably. */
const SPOKE_MS = HEARTBEAT_MS / SPOKES;
/** After a delay of up to this, a tenth of a turn, the wheel returns to its schedule. */
export const CATCH_UP_MS_MAX = HEARTBEAT_MS / 10;

export interface HeartbeatTarget {
  beat(): void;
}

export class HeartbeatWheel {
  private readonly spokes: Set<HeartbeatTarget>[] = Array.from({ length: SPOKES }, () => new Set());
  private readonly clock: Clock;
  private readonly timers: Timers;
  /** The spoke that was called last. */
  private current = 0;
  /** When the next spoke is due, monotonic ms. */
  private nextAt = 0;
  private targets = 0;
  private isScheduled = false;

  constructor({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.clock = clock;
    this.timers = timers;
  }

  /** The first beat comes after a full turn. Returns a function that removes the target. */
  add(target: HeartbeatTarget): () => void {
    const spoke = this.spokes[this.current]!;
    spoke.add(target);
    this.targets++;
    if (!this.isScheduled) {
      this.nextAt = this.clock.mono() + SPOKE_MS;
      this.schedule();
    }
    return () => {
      if (spoke.delete(target)) this.targets--;
    };
  }

  private schedule(): void {
    this.isScheduled = true;
    this.timers.after(Math.max(0, this.nextAt - this.clock.mono()), () => this.advance());
  }

  /**
   * Calls the next spoke. Spokes are due at start + n × SPOKE_MS, so the delays of timers do not add up. Spokes
   * missed in a delay of up to CATCH_UP_MS_MAX follow one by one without waiting. After a longer delay the
   * schedule is shifted by it: otherwise two beats of a room could follow so closely that a page has no time to
   * reply to a ping. So a room is called at most once per turn, and not before HEARTBEAT_MS - CATCH_UP_MS_MAX
   * have passed.
   */
  private advance(): void {
    this.isScheduled = false;
    const now = this.clock.mono();
    if (now - this.nextAt > CATCH_UP_MS_MAX) this.nextAt = now;
    this.nextAt += SPOKE_MS;
    this.current = (this.current + 1) % SPOKES;
    for (const target of this.spokes[this.current]!) target.beat();
    // An empty wheel stops.
    if (this.targets > 0) this.schedule();
  }
}
