/** How fast the room server drains when its process stops. */
import type { DrainOptions } from './game.ts';

/** All sockets are closed within this time, in batches; a batch is at least DRAIN_BATCH_MIN sockets. */
const DRAIN_MS = 3_000;
const DRAIN_EVERY_MS = 100;
const DRAIN_BATCH_MIN = 100;
/** Time allowed for a drain: rooms whose appends do not finish are closed as they are. */
export const DRAIN_MS_MAX = 5_000;
/** Clients reconnect at random times in a window of 1 ms per socket, within these bounds: not all at once. */
const RECONNECT_MS_MIN = 1_000;
const RECONNECT_MS_MAX = 20_000;

export function drainOptions(sockets: number): DrainOptions {
  const batches = DRAIN_MS / DRAIN_EVERY_MS;
  return {
    windowMs: Math.min(RECONNECT_MS_MAX, Math.max(RECONNECT_MS_MIN, sockets)),
    everyMs: DRAIN_EVERY_MS,
    batch: Math.max(DRAIN_BATCH_MIN, Math.ceil(sockets / batches)),
  };
}
