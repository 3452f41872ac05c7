/** Delays before retries. */
import { expect, test } from 'bun:test';
import { backoffMs, withEqualJitter, withFullJitter } from './backoff.ts';

const LIMITS = { firstMs: 100, maxMs: 1_000 };
const random = (value: number) => ({ next: () => value, bytes: () => new Uint8Array(0) });

test('the delay doubles with each retry, up to its maximum', () => {
  expect([1, 2, 3, 4, 5, 1_000].map((retry) => backoffMs(LIMITS, retry))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
});

test('equal jitter keeps at least half of the delay, full jitter may take all of it', () => {
  expect([0, 0.5, 1].map((value) => withEqualJitter(100, random(value)))).toEqual([50, 75, 100]);
  expect([0, 0.5, 1].map((value) => withFullJitter(100, random(value)))).toEqual([0, 50, 100]);
});
