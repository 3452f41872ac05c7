/**
 * The real world with accelerated timers and monotonic clock, so that a test over real sockets can wait for
 * timeouts of minutes. The wall clock is not accelerated: tickets would expire early.
 */
import type { World } from '../../../src/lib/world.ts';
import { realWorld } from '../../../src/lib/world.real.ts';

/** `speed` = its seconds per real second. */
export function fastWorld(speed: number): World {
  const { clock, timers, random } = realWorld;
  return {
    clock: { now: clock.now, mono: () => clock.mono() * speed },
    timers: { after: (ms, run) => timers.after(ms / speed, run) },
    random,
  };
}
