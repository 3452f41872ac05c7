/**
 * Heartbeats: a wheel that comes by every room once in HEARTBEAT_MS, a small part of the rooms at a
 * time, so that thousands of rooms never beat at once.
 */
import type { Timers } from '../../../lib/world.ts';

export const HEARTBEAT_MS = 15_000;
/** 100 ms each: what beats together is over before a move would notice. */
const SPOKES = 150;

export interface Beating {
  beat(): void;
}

export class HeartbeatWheel {
  private readonly spokes: Set<Beating>[] = Array.from({ length: SPOKES }, () => new Set<Beating>());
  private readonly timers: Timers;
  private at = 0;
  private count = 0;
  private cancel: (() => void) | null = null;

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /** The answer takes it off the wheel. The first beat comes after a full turn. */
  add(beating: Beating): () => void {
    const spoke = this.spokes[this.at]!;
    spoke.add(beating);
    this.count++;
    if (this.cancel === null) this.schedule();
    return () => {
      if (spoke.delete(beating)) this.count--;
    };
  }

  private schedule(): void {
    this.cancel = this.timers.after(HEARTBEAT_MS / SPOKES, () => this.turn());
  }

  private turn(): void {
    this.cancel = null;
    this.at = (this.at + 1) % SPOKES;
    for (const beating of this.spokes[this.at]!) beating.beat();
    // An empty wheel stands still.
    if (this.count > 0) this.schedule();
  }
}
