/** One timer that is set, set again and cleared: what most parts of a session need of time. */
import type { Environment } from './session-api.ts';

export class Timer {
  readonly #after: Environment['after'];
  #cancel: (() => void) | null = null;

  constructor(after: Environment['after']) {
    this.#after = after;
  }

  get armed(): boolean {
    return this.#cancel !== null;
  }

  /** Replaces what was set before. */
  set(ms: number, run: () => void): void {
    this.clear();
    this.#cancel = this.#after(ms, () => {
      this.#cancel = null;
      run();
    });
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}

/** Done when the promise is, or after `ms`: for work that must not be waited for without end. */
export function within(after: Environment['after'], ms: number, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = after(ms, resolve);
  });
  return Promise.race([work, late]).finally(cancel);
}
