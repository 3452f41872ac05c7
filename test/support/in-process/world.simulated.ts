/**
 * A world whose clock moves only when a test advances it, with seeded randomness. Timers run in the order of
 * their due times; equal ones in the order in which they were set.
 */
import type { World } from '../../../src/lib/world.ts';

/** Returns a generator of numbers in [0, 1), deterministic per seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export interface SimulatedWorld extends World {
  /** Advances the clock by `ms`, runs all timers that become due, and settles promises after each. */
  advance(ms: number): Promise<void>;
  /** Runs all pending microtasks without advancing the clock. */
  settle(): Promise<void>;
  /** Advances the clock until `done` is settled; throws after `limitMs` of simulated time. */
  until<T>(done: Promise<T>, limitMs?: number): Promise<T>;
  /** Changes the wall clock by `ms`; timers and the monotonic clock are not affected. */
  jump(ms: number): void;
  /** Removes all timers, as when a process ends. */
  clearTimers(): void;
  timerCount(): number;
}

/** Wall clock at the start; arbitrary, but not close to 0. */
const STARTS_AT = 1_800_000_000_000;

export function createSimulatedWorld(seed: number): SimulatedWorld {
  const next = seededRandom(seed);
  const timers = new Set<Timer>();
  let mono = 0;
  let wall = STARTS_AT;
  let order = 0;

  function due(limit: number): Timer | null {
    let first: Timer | null = null;
    for (const timer of timers) {
      if (timer.at > limit) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }

  function runOne(limit: number): boolean {
    const timer = due(limit);
    if (!timer) return false;
    timers.delete(timer);
    wall += Math.max(0, timer.at - mono);
    mono = Math.max(mono, timer.at);
    timer.run();
    return true;
  }

  // One turn of the real event loop runs all microtasks, including those that they create.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  return {
    clock: { now: () => wall, mono: () => mono },
    timers: {
      after(ms, run) {
        const timer = { at: mono + Math.max(0, ms), order: order++, run };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    random: {
      next,
      bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
    },
    settle,
    async advance(ms) {
      const target = mono + ms;
      await settle();
      while (runOne(target)) await settle();
      wall += target - mono;
      mono = target;
    },
    async until(done, limitMs = 60_000) {
      let open = true;
      const close = () => (open = false);
      done.then(close, close);
      const limit = mono + limitMs;
      await settle();
      while (open) {
        if (!runOne(limit)) throw new Error(`still waiting after ${limitMs} ms of simulated time`);
        await settle();
      }
      return done;
    },
    jump: (ms) => (wall += ms),
    clearTimers: () => timers.clear(),
    timerCount: () => timers.size,
  };
}
