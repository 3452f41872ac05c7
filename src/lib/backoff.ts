/**
 * Capped exponential backoff and its jitter. Names and formulas are those of "Exponential Backoff And Jitter"
 * (AWS Architecture Blog, 2015).
 */
import type { Random } from './world.ts';

export interface Backoff {
  /** Delay before the first retry, ms. */
  readonly firstMs: number;
  /** Longest delay, ms. */
  readonly maxMs: number;
}

/** Larger exponents only overflow: every delay is at its maximum long before. */
const EXPONENT_MAX = 30;

/** Delay in ms before retry 1, 2, 3 …: doubles each time up to `maxMs`. */
export function backoffMs({ firstMs, maxMs }: Backoff, retry: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(retry - 1, EXPONENT_MAX));
}

/** Between half the delay and all of it. */
export function withEqualJitter(delayMs: number, random: Random): number {
  return delayMs * (0.5 + random.next() / 2);
}

/** Between nothing and all of the delay. */
export function withFullJitter(delayMs: number, random: Random): number {
  return delayMs * random.next();
}
