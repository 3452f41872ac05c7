/** Quantiles are as exact as the buckets are narrow. */
import { expect, test } from 'bun:test';
import { Latencies } from './latencies.ts';

test('quantiles lie within a bucket of the truth, and never above the largest', () => {
  const latencies = new Latencies();
  for (let at = 1; at <= 10_000; at++) latencies.add(at / 10);
  for (const share of [0.01, 0.5, 0.9, 0.99, 0.999]) {
    const truth = share * 1_000;
    expect(latencies.quantile(share)).toBeGreaterThanOrEqual(truth);
    expect(latencies.quantile(share)).toBeLessThan(truth * 1.05);
  }
  expect(latencies.quantile(1)).toBe(1_000);
});

test('what is nothing, tiny or huge has a place', () => {
  const latencies = new Latencies();
  expect(latencies.quantile(0.5)).toBe(0);
  for (const ms of [0, 0.0001, 1e12]) latencies.add(ms);
  expect([latencies.count, latencies.max]).toEqual([3, 1e12]);
  expect(latencies.between([0, 1, 10])).toEqual([2, 0, 1]);
});
