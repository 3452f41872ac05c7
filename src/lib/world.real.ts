/** The real world: the only place where clock, timers and chance come from the runtime. */
import type { World } from './world.ts';

export const realWorld: World = {
  clock: {
    now: () => Date.now(),
    mono: () => performance.now(),
  },
  timers: {
    after(ms, run) {
      // The runtime cuts fractions off: 1.9 ms would run after 1.
      const timer = setTimeout(run, Math.ceil(ms));
      return () => clearTimeout(timer);
    },
  },
  random: {
    next: () => Math.random(),
    bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  },
};
