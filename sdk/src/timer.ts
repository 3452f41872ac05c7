/** A timer that can be set again and cleared, and a time limit for promises. */
import type { Environment } from './session-api.ts';

export interface Timer {
  isArmed(): boolean;
  /** Replaces an earlier call of `set`. */
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
    isArmed: () => cancel !== null,
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

/** Resolves when `work` does, or after `ms` at the latest; rejects if `work` rejects before that. */
export function withTimeout(after: Environment['after'], ms: number, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = after(ms, resolve);
  });
  return Promise.race([work, late]).finally(cancel);
}
