/**
 * Waits for a port that another process still uses. A game process whose main process has died closes its port last,
 * after the sockets of its players; the process that replaces it waits for that.
 */
import { pause } from '../lib/pause.ts';
import type { World } from '../lib/world.ts';

const RETRY_MS = 100;

/** Retries `open` for up to `waitMs` while it throws EADDRINUSE, and throws that at the end. */
export async function openWhenFree<T>(
  open: () => T,
  waitMs: number,
  { clock, timers }: Pick<World, 'clock' | 'timers'>,
): Promise<T> {
  const until = clock.mono() + waitMs;
  for (;;) {
    try {
      return open();
    } catch (error) {
      const isInUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isInUse || clock.mono() >= until) throw error;
    }
    await pause(timers, RETRY_MS);
  }
}
