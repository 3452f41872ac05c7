/**
 * The real world, hurried: what a program calls a minute is over after a few seconds, so that a test
 * over real sockets can wait for what takes minutes. The wall clock is left as it is, or tickets
 * would end early.
 */
import type { World } from '../../../src/lib/world.ts';
import { realWorld } from '../../../src/lib/world.real.ts';

/** `speed` = so many of its seconds to one of ours. */
export function fastWorld(speed: number): World {
  const { clock, timers, random } = realWorld;
  return {
    clock: { now: clock.now, mono: () => clock.mono() * speed },
    timers: { after: (ms, run) => timers.after(ms / speed, run) },
    random,
  };
}
