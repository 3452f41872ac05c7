/** A timeout for calls of the database and the log: one that does not respond must not block other rooms. */
import type { Timers } from '../../../lib/world.ts';

/**
 * Shorter than the 15 s for which a page waits for its welcome: the page gets a close code (4006) instead.
 */
export const RESPONSE_MS_MAX = 10_000;

/** Rejects after RESPONSE_MS_MAX with an error that names `who`. A later response is ignored. */
export function withTimeout<T>(timers: Timers, who: string, response: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(RESPONSE_MS_MAX, () =>
      reject(new Error(`${who} did not respond within ${RESPONSE_MS_MAX} ms`)),
    );
    response.then(resolve, reject).finally(cancel);
  });
}
