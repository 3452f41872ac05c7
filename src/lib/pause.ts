/** Waits for a time, with injected timers. */
import type { Timers } from './world.ts';

export function pause(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => timers.after(ms, resolve));
}
