/** One timer that is set, set again and cleared: what most parts of a session need of time. */
import type { Environment } from './session-api.ts';

export interface Timer {
  armed(): boolean;
  /** Replaces what was set before. */
  set(ms: number, run: () => void): void;
  clear(): void;
}

export function createTimer(after: Environment['after']): Timer {
  let cancel: (() => void) | null = null;
  const clear = (): void => {
    cancel?.();
    cancel = null;
  };
  return {
    armed: () => cancel !== null,
    set(ms, run) {
      clear();
      cancel = after(ms, () => {
        cancel = null;
        run();
      });
    },
    clear,
  };
}

/** Done when the promise is, or after `ms`: for work that must not be waited for without end. */
export function within(after: Environment['after'], ms: number, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = after(ms, resolve);
  });
  return Promise.race([work, late]).finally(cancel);
}
