/** The runtime's clock, timers and randomness; other code gets them through `World`. */
import type { World } from './world.ts';

export const realWorld: World = {
  clock: {
    now: () => Date.now(),
    mono: () => performance.now(),
  },
  timers: {
    after(ms, run) {
      // setTimeout truncates fractions: 1.9 ms would run after 1 ms.
      const timer = setTimeout(run, Math.ceil(ms));
      return () => clearTimeout(timer);
    },
  },
  random: {
    next: () => Math.random(),
    bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  },
};
