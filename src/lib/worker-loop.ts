/** Looks for work again and again: at once while there is some, else after a pause or when woken. */
import type { Random, Timers } from './world.ts';

export interface WorkerLoopOptions {
  readonly timers: Timers;
  readonly random: Random;
  /** The pause after a look that found nothing; up to a quarter is added by chance. */
  readonly pauseMs: number;
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
  let stopped = false;
  let woken = false;
  let endPause: (() => void) | null = null;

  const pause = () =>
    new Promise<void>((resolve) => {
      const ms = options.pauseMs * (1 + options.random.next() / 4);
      const cancel = options.timers.after(ms, () => endPause?.());
      endPause = () => {
        endPause = null;
        cancel();
        resolve();
      };
    });

  const run = async () => {
    while (!stopped) {
      woken = false;
      const busy = await options.work().catch((error: unknown) => {
        options.onError(error);
        return false;
      });
      if (!busy && !woken && !stopped) await pause();
    }
  };
  const running = run();

  return {
    wake() {
      woken = true;
      endPause?.();
    },
    stop() {
      stopped = true;
      endPause?.();
      return running;
    },
  };
}
