/**
 * Which devices have the lobby page open. The page polls every two seconds, and each poll is recorded here. Kept in
 * memory only, because after a restart the next polls restore it.
 */
import type { Clock } from '../../../lib/world.ts';

/** Five missed polls: browsers slow down the timers of background tabs. */
const PRESENT_MS = 10_000;
const ENTRIES_MAX = 20_000;

export class LobbyPresence {
  private readonly clock: Clock;
  /** entitlement + device → monotonic ms of the last poll, the least recent first. */
  private readonly seen = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  markSeen(entitlement: string, deviceHash: string): void {
    const key = `${entitlement} ${deviceHash}`;
    this.seen.delete(key);
    this.seen.set(key, this.clock.mono());
    if (this.seen.size <= ENTRIES_MAX) return;
    const [oldest] = this.seen.keys();
    if (oldest !== undefined) this.seen.delete(oldest);
  }

  isPresent(entitlement: string, deviceHash: string): boolean {
    const seenAt = this.seen.get(`${entitlement} ${deviceHash}`);
    return seenAt !== undefined && this.clock.mono() - seenAt <= PRESENT_MS;
  }
}
