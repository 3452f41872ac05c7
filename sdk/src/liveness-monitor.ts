/**
 * Detects a dead socket: after the heartbeat interval plus SLACK_MS without a frame (or at once, by `probe`) it
 * sends a ping, and if there is no response, a second one. If that gets no response either, it reconnects.
 *
 * Two pings, because timers fire late: once a minute in hidden tabs, hours late after sleep. When such a timer
 * fires, the response to the first ping may have arrived and not have been read yet.
 */
import { ping } from '../protocol/ping.ts';
import type { Connection } from './connection.ts';
import type { Environment } from './session-api.ts';
import { createTimer } from './timer.ts';

/** Added to the heartbeat interval of the welcome. */
export const SLACK_MS = 3_000;
/** How long to wait for the response to each ping. */
export const PONG_TIMEOUT_MS = 3_000;
const PINGS_MAX = 2;

export interface LivenessMonitor {
  start(intervalMs: number): void;
  stop(): void;
  /** A frame arrived. Called for every frame, so it sets no timer. */
  onActivity(): void;
  /** The socket may be dead: pings at once and waits `waitMs` for each response. */
  probe(waitMs: number): void;
}

export function createLivenessMonitor({ now, after }: Environment, connection: Connection): LivenessMonitor {
  const timer = createTimer(after);
  let silenceMsMax = 0;
  let activeAt = 0;
  /** Pings sent since the last frame arrived. */
  let pings = 0;
  const sendPing = (waitMs: number): void => {
    if (pings++ === PINGS_MAX) return connection.retry('silent');
    connection.send(ping.encode({ token: 1 }));
    timer.set(waitMs, () => check(waitMs));
  };
  const check = (waitMs = PONG_TIMEOUT_MS): void => {
    const left = activeAt + silenceMsMax - now();
    if (left > 0 && pings === 0) timer.set(left, check);
    else sendPing(waitMs);
  };
  return {
    start(intervalMs) {
      silenceMsMax = intervalMs + SLACK_MS;
      timer.set(silenceMsMax, check);
    },
    stop: timer.clear,
    onActivity() {
      activeAt = now();
      pings = 0;
    },
    probe(waitMs) {
      if (!timer.isArmed()) return;
      pings = 0;
      sendPing(waitMs);
    },
  };
}
