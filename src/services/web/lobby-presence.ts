/**
 * Who has the lobby's page open right now. The page asks for news every two seconds, and that is
 * noted here, in memory: it is worth nothing after a restart.
 */
import type { Clock } from '../../lib/world.ts';

/** Five missed polls: a page in a background tab may ask only once a second or less. */
const HERE_MS = 10_000;
const NOTED_MAX = 20_000;

export class LobbyPresence {
  readonly #clock: Clock;
  /** entitlement + device → monotonic ms, the longest unseen first. */
  readonly #seen = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(entitlement: string, deviceHash: string): void {
    const key = `${entitlement} ${deviceHash}`;
    this.#seen.delete(key);
    this.#seen.set(key, this.#clock.mono());
    if (this.#seen.size <= NOTED_MAX) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }

  isHere(entitlement: string, deviceHash: string): boolean {
    const seen = this.#seen.get(`${entitlement} ${deviceHash}`);
    return seen !== undefined && this.#clock.mono() - seen <= HERE_MS;
  }
}
