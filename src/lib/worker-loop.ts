/** A polling loop: polls again at once (or after a rest) while there is work, else after a pause or when woken. */
import type { Clock, Random, Timers } from './world.ts';

export interface WorkerLoopOptions {
  readonly timers: Timers;
  readonly random: Random;
  /** The pause after a poll that found nothing; up to 25 % of jitter is added. */
  readonly pauseMs: number;
  /**
   * For background work: after a poll that did something, the loop rests for `times` the time that the poll took, but
   * at most `msMax`, which limits its share of CPU time. A wake does not end a rest.
   */
  readonly rest?: { readonly times: number; readonly msMax: number; readonly clock: Clock };
  /** One poll. True = something was done: poll again at once. */
  readonly work: () => Promise<boolean>;
  /** A poll rejected; the next one follows after the pause. */
  readonly onError: (error: unknown) => void;
}

export interface WorkerLoop {
  /** There may be work: ends the pause, or makes another poll follow the running one without a pause. */
  wake(): void;
  /** Starts no further poll; resolves when the running one has ended. */
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

  const poll = () =>
    options.work().catch((error: unknown) => {
      options.onError(error);
      return false;
    });

  const run = async () => {
    while (!stopped) {
      woken = false;
      const began = rest?.clock.mono() ?? 0;
      const busy = await poll();
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
