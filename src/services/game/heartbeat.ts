/**
 * Heartbeats: a wheel that comes by every room once in HEARTBEAT_MS, a part of the rooms each second,
 * so that thousands of rooms never beat at once.
 */
import type { Timers } from '../../lib/world.ts';

export const HEARTBEAT_MS = 15_000;
const SPOKES = 15;

export interface Beating {
  beat(): void;
}

export class HeartbeatWheel {
  private readonly spokes: Set<Beating>[] = Array.from({ length: SPOKES }, () => new Set<Beating>());
  private readonly timers: Timers;
  private at = 0;
  private cancel: (() => void) | null = null;

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /** The answer takes it off the wheel. The first beat comes after a full turn. */
  add(beating: Beating): () => void {
    const spoke = this.spokes[this.at]!;
    spoke.add(beating);
    this.cancel ??= this.timers.after(HEARTBEAT_MS / SPOKES, () => this.turn());
    return () => {
      spoke.delete(beating);
    };
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private turn(): void {
    this.cancel = this.timers.after(HEARTBEAT_MS / SPOKES, () => this.turn());
    this.at = (this.at + 1) % SPOKES;
    for (const beating of this.spokes[this.at]!) beating.beat();
  }
}
