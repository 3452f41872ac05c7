/** The comparison of two versions: its interval has the ranks of published tables, and decides the verdict. */
import { expect, test } from 'bun:test';
import { compareRatios, comparisonText, orderOf } from './median-ratio.ts';

/** 1, 2, 3 …: each value is its own rank. */
const ranks = (n: number): number[] => Array.from({ length: n }, (_, at) => at + 1);

// From published tables of confidence intervals for the median (95 % or the next higher level).
test.each([
  [6, 1, 6, 0.969],
  [7, 1, 7, 0.984],
  [9, 2, 8, 0.961],
  [10, 2, 9, 0.979],
  [11, 2, 10, 0.988],
  [12, 3, 10, 0.961],
  [15, 4, 12, 0.965],
  [17, 5, 13, 0.951],
  [20, 6, 15, 0.959],
])(
  'the interval of %i ratios is from the value with rank %i to that with rank %i',
  (n, low, high, confidence) => {
    const { interval } = compareRatios(ranks(n));
    expect(interval).toMatchObject({ low, high });
    expect(interval?.confidence).toBeCloseTo(confidence, 3);
  },
);

test('five ratios have no interval of 95 %', () => {
  expect(compareRatios(ranks(5)).interval).toBeNull();
});

test('the order of the pairs changes nothing', () => {
  const shuffled = [7, 2, 9, 4, 1, 8, 3, 6, 5];
  expect(compareRatios(shuffled)).toEqual(compareRatios(ranks(9)));
});

test('the median of an even number of ratios lies between the two in the middle', () => {
  expect(compareRatios([4, 1, 3, 2]).median).toBe(2.5);
  expect(compareRatios([3, 1, 2]).median).toBe(2);
});

/** Nine ratios whose interval is [low, high]. */
const nine = (low: number, high: number): number[] => {
  const middle = (low + high) / 2;
  return [low / 2, low, middle, middle, middle, middle, middle, high, high * 2];
};

test('worse only if the whole interval is above 1.03', () => {
  expect(compareRatios(nine(1.031, 1.05)).verdict).toBe('worse');
  expect(compareRatios(nine(1.03, 1.5)).verdict).toBe('not worse');
  expect(compareRatios(nine(0.99, 1.01)).verdict).toBe('not worse');
});

test('better only if the whole interval is below 0.97', () => {
  expect(compareRatios(nine(0.9, 0.969)).verdict).toBe('better');
  expect(compareRatios(nine(0.9, 0.97)).verdict).toBe('not worse');
});

test('fewer than nine pairs have no verdict, whatever their ratios', () => {
  expect(compareRatios(Array.from({ length: 8 }, () => 2)).verdict).toBe('too few pairs to judge');
  expect(compareRatios([2]).verdict).toBe('too few pairs to judge');
});

test('the line has the ratio, the interval and its confidence, and a hint when more pairs would help', () => {
  expect(comparisonText(compareRatios(nine(0.99, 1.01)), 'abc')).toBe(
    'not worse: CPU per delivery × 1.000 of abc (median of 9, 96.1 % interval 0.990 – 1.010)',
  );
  expect(comparisonText(compareRatios(nine(0.99, 1.05)), 'abc')).toEndWith(
    'it reaches above 1.03: more pairs would narrow it)',
  );
  expect(comparisonText(compareRatios([1.2]), 'abc')).toBe(
    'too few pairs to judge: CPU per delivery × 1.200 of abc (median of 1, no 95 % interval)',
  );
});

test('pairs alternate their order: A B, B A, A B', () => {
  expect([0, 1, 2].map(orderOf)).toEqual([
    ['old', 'new'],
    ['new', 'old'],
    ['old', 'new'],
  ]);
});
