/** Looks for work again and again: while there is some at once, or after a rest; else after a pause or when woken. */
import type { Clock, Random, Timers } from './world.ts';

export interface WorkerLoopOptions {
  readonly timers: Timers;
  readonly random: Random;
  /** The pause after a look that found nothing; up to a quarter is added by chance. */
  readonly pauseMs: number;
  /**
   * For work that may wait while rooms may not: after a look that did something, rest this many times as long
   * as it took, but at most `msMax`, so that it takes no more than a share of the machine. A wake does not end it.
   */
  readonly rest?: { readonly times: number; readonly msMax: number; readonly clock: Clock };
  /** One look. True = something was done, look again at once. */
  readonly work: () => Promise<boolean>;
  /** A look that threw; the next one comes after the pause. */
  readonly onError: (error: unknown) => void;
}

export interface WorkerLoop {
  /** A hint that there is work: ends the pause, or makes the look under way be followed by another. */
  wake(): void;
  /** No further look begins; resolves when the one under way is over. */
  stop(): Promise<void>;
}

export function startWorkerLoop(options: WorkerLoopOptions): WorkerLoop {
  const { rest } = options;
  let stopped = false;
  let woken = false;
  let resting = false;
  let endSleep: (() => void) | null = null;

  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      const cancel = options.timers.after(ms, () => endSleep?.());
      endSleep = () => {
        endSleep = null;
        cancel();
        resolve();
      };
    });

  const look = () =>
    options.work().catch((error: unknown) => {
      options.onError(error);
      return false;
    });

  const run = async () => {
    while (!stopped) {
      woken = false;
      const began = rest?.clock.mono() ?? 0;
      const busy = await look();
      if (stopped) return;
      if (busy && rest) {
        resting = true;
        await sleep(Math.min(rest.msMax, (rest.clock.mono() - began) * rest.times));
        resting = false;
      } else if (!busy && !woken) {
        await sleep(options.pauseMs * (1 + options.random.next() / 4));
      }
    }
  };
  const running = run();

  return {
    wake() {
      woken = true;
      if (!resting) endSleep?.();
    },
    stop() {
      stopped = true;
      endSleep?.();
      return running;
    },
  };
}
