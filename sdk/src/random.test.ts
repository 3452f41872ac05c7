/** Tests that the random numbers of rules never change. */
import { expect, test } from 'bun:test';
import { randomFor } from './random.ts';

test('the generator never changes: existing rooms depend on these numbers', () => {
  const random = randomFor(12_345, 678);
  const values = [random(), random(), random()].map((value) => Math.floor(value * 0x1_0000_0000));
  expect(values).toEqual([3_235_296_362, 3_396_282_082, 2_109_951_318]);
});

test('numbers are in [0, 1) and uniform over consecutive seqs', () => {
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let seq = 1; seq <= 20_000; seq++) {
    const value = randomFor(1, seq)();
    expect(value >= 0 && value < 1).toBe(true);
    const bucket = Math.floor(value * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(200);
});
