/** Rate limits per visitor and route: token buckets in memory, in a table of bounded size. */
import { visitorKey } from '../../../lib/address.ts';
import { TokenBucket } from '../../../lib/token-bucket.ts';
import type { Clock } from '../../../lib/world.ts';
import type { Limit } from './route-types.ts';

const BUCKETS_MAX = 20_000;
/** Tolerance for floating point: 20 s at three tokens a minute must yield one token. */
const ROUNDING_MS = 1e-3;
/** Returned for a limit that never refills. */
const WAIT_S_MAX = 86_400;

export class VisitorRateLimits {
  private readonly clock: Clock;
  private readonly bucketsMax: number;
  /** In order of last use: the first is the least recently used. */
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock, bucketsMax: number = BUCKETS_MAX) {
    this.clock = clock;
    this.bucketsMax = bucketsMax;
  }

  /**
   * Takes a token. Returns 0 if there was one, otherwise the whole seconds (1 … 86,400) after which there is one
   * again; a refused request takes nothing. Visitors are identified by `visitorKey(address)`.
   */
  take(route: string, address: string, { burst, perMinute }: Limit): number {
    const key = `${route} ${visitorKey(address)}`;
    const now = this.clock.mono();
    // One token less than `burst`: so the bucket is in debt exactly while the visitor has no whole token left.
    const bucket = this.buckets.get(key) ?? new TokenBucket(perMinute / 60, burst - 1, now);
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    this.evict();
    const waitMs = bucket.debtMsAt(now);
    if (waitMs > ROUNDING_MS) return Math.min(WAIT_S_MAX, Math.max(1, Math.ceil(waitMs / 1_000)));
    bucket.take(now);
    return 0;
  }

  get size(): number {
    return this.buckets.size;
  }

  private evict(): void {
    if (this.buckets.size <= this.bucketsMax) return;
    const oldest = this.buckets.keys().next();
    if (!oldest.done) this.buckets.delete(oldest.value);
  }
}
