/** Waiting only so long for what others answer: a silent store or log must not hold up everybody else. */
import type { Timers } from '../../../lib/world.ts';

/** Database and log have this long for an answer; the page, which waits 15 s for its welcome, is then told. */
export const RESPONSE_MS_MAX = 10_000;

/** Rejects after ANSWER_MS_MAX; `who` stands in the sentence. What is answered later is not used. */
export function withTimeout<T>(timers: Timers, who: string, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(RESPONSE_MS_MAX, () =>
      reject(new Error(`${who} gave no answer within ${RESPONSE_MS_MAX} ms`)),
    );
    answer.then(resolve, reject).finally(cancel);
  });
}
