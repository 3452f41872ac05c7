/** Rate limits: a burst, a rate, a bounded table, one bucket per route and visitor. */
import { expect, test } from 'bun:test';
import { VisitorRateLimits } from './rate-limits.ts';

function limitsAt(bucketsMax?: number) {
  let now = 0;
  const limits = new VisitorRateLimits({ now: () => now, mono: () => now }, bucketsMax);
  return { limits, advance: (ms: number) => (now += ms) };
}

test('a burst passes, then requests pass at the rate', () => {
  const { limits, advance } = limitsAt();
  const take = () => limits.take('/a', '192.0.2.1', { burst: 2, perMinute: 6 });
  expect([take(), take(), take()]).toEqual([0, 0, 10]);
  advance(10_000);
  expect([take(), take()]).toEqual([0, 10]);
});

test('each route and each visitor has its own bucket', () => {
  const { limits } = limitsAt();
  const limit = { burst: 1, perMinute: 1 };
  expect(limits.take('/a', '192.0.2.1', limit)).toBe(0);
  expect(limits.take('/b', '192.0.2.1', limit)).toBe(0);
  expect(limits.take('/a', '192.0.2.2', limit)).toBe(0);
  expect(limits.take('/a', '192.0.2.1', limit)).toBe(60);
});

test('a limit of zero refuses every request', () => {
  const { limits } = limitsAt();
  expect(limits.take('/a', '192.0.2.1', { burst: 0, perMinute: 0 })).toBe(86_400);
});

test('the table does not grow beyond its bound; the least recently used bucket is dropped first', () => {
  const { limits } = limitsAt(3);
  const limit = { burst: 1, perMinute: 1 };
  for (const last of [1, 2, 3]) limits.take('/a', `192.0.2.${last}`, limit);
  expect(limits.take('/a', '192.0.2.1', limit)).toBe(60);
  limits.take('/a', '192.0.2.4', limit);
  expect(limits.size).toBe(3);
  expect(limits.take('/a', '192.0.2.1', limit)).toBe(60);
  expect(limits.take('/a', '192.0.2.2', limit)).toBe(0);
});
