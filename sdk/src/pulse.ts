/**
 * Is the socket alive? A connection counts as dead only if nothing was heard for the announced
 * interval and some slack, and then two pings stayed unanswered.
 *
 * Two, because a timer that fires late proves nothing: timers of hidden tabs fire once a minute,
 * those of sleeping machines hours late, and the answer to the first ping may wait right behind.
 */
import { ping } from '../protocol/ping.ts';
import type { Connection } from './connection.ts';
import type { Environment } from './session-api.ts';
import { createTimer } from './timer.ts';

/** Added to the interval that the server announced. */
export const SLACK_MS = 3_000;
/** How long each of the pings may stay unanswered. */
export const PONG_WAIT_MS = 3_000;
const PINGS = 2;

export interface Pulse {
  start(intervalMs: number): void;
  stop(): void;
  /** Any frame counts. Called for each one, so it sets no timer. */
  heard(): void;
  /** Something happened that may have cost us the socket: ask at once, wait `waitMs` for each answer. */
  check(waitMs: number): void;
}

export function createPulse({ now, after }: Environment, connection: Connection): Pulse {
  const timer = createTimer(after);
  let quietMs = 0;
  let heardAt = 0;
  /** Pings sent since something was heard. */
  let asked = 0;
  const ask = (waitMs: number): void => {
    if (asked++ === PINGS) return connection.retry('silent');
    connection.send(ping.encode({ token: 1 }));
    timer.set(waitMs, () => look(waitMs));
  };
  const look = (waitMs = PONG_WAIT_MS): void => {
    const left = heardAt + quietMs - now();
    if (left > 0 && asked === 0) timer.set(left, look);
    else ask(waitMs);
  };
  return {
    start(intervalMs) {
      quietMs = intervalMs + SLACK_MS;
      timer.set(quietMs, look);
    },
    stop: timer.clear,
    heard() {
      heardAt = now();
      asked = 0;
    },
    check(waitMs) {
      if (!timer.armed()) return;
      asked = 0;
      ask(waitMs);
    },
  };
}
