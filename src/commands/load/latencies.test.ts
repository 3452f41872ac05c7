/** The histogram of latencies. */
import { expect, test } from 'bun:test';
import { Latencies } from './latencies.ts';

test('quantiles are exact to one bucket, and never above the maximum', () => {
  const latencies = new Latencies();
  for (let at = 1; at <= 10_000; at++) latencies.add(at / 10);
  for (const share of [0.01, 0.5, 0.9, 0.99, 0.999]) {
    const exact = share * 1_000;
    expect(latencies.quantile(share)).toBeGreaterThanOrEqual(exact);
    expect(latencies.quantile(share)).toBeLessThan(exact * 1.05);
  }
  expect(latencies.quantile(1)).toBe(1_000);
});

test('zero, tiny and huge values are counted', () => {
  const latencies = new Latencies();
  expect(latencies.quantile(0.5)).toBe(0);
  for (const ms of [0, 0.0001, 1e12]) latencies.add(ms);
  expect([latencies.count, latencies.max]).toEqual([3, 1e12]);
  expect(latencies.between([0, 1, 10])).toEqual([2, 0, 1]);
});
