/**
 * Rooms whose log makes no sense: players are let go already, and the main database is told so that
 * nobody is let in again. A database that does not take it now is told again later: one broken room
 * must not end the process that serves all others.
 */
import type { Log } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';

const AGAIN_MS_FIRST = 5_000;
const AGAIN_MS_MAX = 5 * 60_000;

export interface QuarantineOptions {
  readonly world: World;
  readonly log: Log;
  /** Writes it into the main database. */
  readonly write: (room: string, why: string) => Promise<unknown>;
}

export interface Quarantine {
  /** Tries until it is written or this is stopped; a room that is being told of is not told of twice. */
  add(room: string, why: string): void;
  stop(): void;
}

export function createQuarantine({ world, log, write }: QuarantineOptions): Quarantine {
  /** Room → what cancels its next try. No more than there are broken rooms. */
  const waiting = new Map<string, () => void>();
  let stopped = false;

  const attempt = (room: string, why: string, againInMs: number): void => {
    waiting.set(room, () => {});
    write(room, why).then(
      () => waiting.delete(room),
      (error: unknown) => {
        if (stopped) return;
        log.error('quarantine', { room, error: String(error), againInMs });
        const next = Math.min(2 * againInMs, AGAIN_MS_MAX);
        waiting.set(
          room,
          world.timers.after(againInMs, () => attempt(room, why, next)),
        );
      },
    );
  };

  return {
    add(room, why) {
      if (!stopped && !waiting.has(room)) attempt(room, why, AGAIN_MS_FIRST);
    },
    stop() {
      stopped = true;
      for (const cancel of waiting.values()) cancel();
    },
  };
}
