/** The real world: the only place where clock, timers and chance come from the runtime. */
import type { World } from './world.ts';

export const realWorld: World = {
  clock: {
    now: () => Date.now(),
    mono: () => performance.now(),
  },
  timers: {
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  },
  random: {
    next: () => Math.random(),
    bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  },
};
