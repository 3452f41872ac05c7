/**
 * Marks rooms with a damaged log as quarantined in the main database, so that they are not loaded again.
 * Their sockets are already closed. A failed write is retried until it succeeds: one broken room must not end
 * the process that serves all others (I6).
 */
import { backoffMs, type Backoff } from '../../lib/backoff.ts';
import type { Log } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';

const RETRIES: Backoff = { firstMs: 5_000, maxMs: 5 * 60_000 };

export interface QuarantineOptions {
  readonly world: World;
  readonly log: Log;
  /** Writes the quarantine into the main database. */
  readonly write: (room: string, why: string) => Promise<unknown>;
}

export interface Quarantine {
  /** Retries until it is written or `stop` is called. Ignored while a write for the room is pending. */
  add(room: string, why: string): void;
  stop(): void;
}

export function createQuarantine({ world, log, write }: QuarantineOptions): Quarantine {
  /** Pending rooms → cancels the next attempt. */
  const pending = new Map<string, () => void>();
  let isStopped = false;

  const attempt = (room: string, why: string, failures: number): void => {
    pending.set(room, () => {});
    write(room, why).then(
      () => pending.delete(room),
      (error: unknown) => {
        if (isStopped) return;
        const againInMs = backoffMs(RETRIES, failures + 1);
        log.error('quarantine', { room, error: String(error), againInMs });
        const retry = () => attempt(room, why, failures + 1);
        pending.set(room, world.timers.after(againInMs, retry));
      },
    );
  };

  return {
    add(room, why) {
      if (!isStopped && !pending.has(room)) attempt(room, why, 0);
    },
    stop() {
      isStopped = true;
      for (const cancel of pending.values()) cancel();
    },
  };
}
