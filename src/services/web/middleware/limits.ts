/** Token buckets per visitor and route, in memory, in a table of bounded size. */
import { visitorOf } from '../../../lib/address.ts';
import type { Clock } from '../../../lib/world.ts';
import type { Limit } from '../route-types.ts';

const BUCKETS_MAX = 20_000;
const MINUTE_MS = 60_000;
/** A third of a minute at three a minute must be a token. */
const ROUNDING = 1e-6;
/** Said of a limit that never refills. */
const WAIT_S_MAX = 86_400;

interface Bucket {
  tokens: number;
  /** Monotonic ms of the last refill. */
  at: number;
}

export class Limits {
  readonly #clock: Clock;
  readonly #bucketsMax: number;
  /** In order of last use: the first is the longest unused. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, bucketsMax: number = BUCKETS_MAX) {
    this.#clock = clock;
    this.#bucketsMax = bucketsMax;
  }

  /** Takes a token: 0 = go on; otherwise the seconds after which there is one again. */
  take(route: string, address: string, limit: Limit): number {
    const key = `${route} ${visitorOf(address)}`;
    const now = this.#clock.mono();
    const perMs = limit.perMinute / MINUTE_MS;
    const bucket = this.#buckets.get(key) ?? { tokens: limit.burst, at: now };
    bucket.tokens = Math.min(limit.burst, bucket.tokens + (now - bucket.at) * perMs);
    bucket.at = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    this.#evict();
    if (bucket.tokens < 1 - ROUNDING) {
      const seconds = Math.ceil((1 - bucket.tokens) / perMs / 1000);
      return Math.min(WAIT_S_MAX, Math.max(1, seconds));
    }
    bucket.tokens -= 1;
    return 0;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #evict(): void {
    if (this.#buckets.size <= this.#bucketsMax) return;
    const oldest = this.#buckets.keys().next();
    if (!oldest.done) this.#buckets.delete(oldest.value);
  }
}
