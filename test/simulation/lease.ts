/**
 * The life of a simulated process or page. After its end, nothing that it waits for happens, as after kill
 * -9; while frozen, everything waits until it is thawed, as after SIGSTOP.
 */
import type { World } from '../../src/lib/world.ts';

export interface Lease {
  readonly world: World;
  readonly alive: boolean;
  readonly frozen: boolean;
  after(ms: number, run: () => void): () => void;
  /** Something arrives at this process: runs now, after the thaw, or never. */
  deliver(run: () => void): void;
  /** The result of a call into another process or the kernel, settled through `deliver`. */
  forward<T>(answer: Promise<T>): Promise<T>;
  freeze(): void;
  thaw(): void;
  end(): void;
}

/** The scheduler of the run, as far as a lease uses it. */
export interface LeaseDeps {
  readonly now: number;
  readonly random: () => number;
  wall(): number;
  after(ms: number, run: () => void): () => void;
}

export function createLease(scheduler: LeaseDeps): Lease {
  let alive = true;
  let frozen = false;
  let waiting: (() => void)[] = [];
  const deliver = (run: () => void): void => {
    if (!alive) return;
    if (frozen) waiting.push(run);
    else run();
  };
  const after = (ms: number, run: () => void): (() => void) => {
    if (!alive) return () => {};
    let wanted = true;
    const cancel = scheduler.after(ms, () => deliver(() => wanted && run()));
    return () => {
      wanted = false;
      cancel();
    };
  };
  return {
    get alive() {
      return alive;
    },
    get frozen() {
      return frozen;
    },
    after,
    deliver,
    forward: <T>(answer: Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        answer.then(
          (value) => deliver(() => resolve(value)),
          (error: unknown) =>
            deliver(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      }),
    freeze: () => void (frozen = true),
    thaw: () => {
      frozen = false;
      const held = waiting;
      waiting = [];
      // One task each, in order; `deliver` again, since it may be frozen again.
      for (const run of held) scheduler.after(0, () => deliver(run));
    },
    end: () => {
      alive = false;
      waiting = [];
    },
    world: {
      clock: { now: () => scheduler.wall(), mono: () => scheduler.now },
      timers: { after },
      random: {
        next: scheduler.random,
        bytes: (length) => Uint8Array.from({ length }, () => Math.floor(scheduler.random() * 256)),
      },
    },
  };
}
