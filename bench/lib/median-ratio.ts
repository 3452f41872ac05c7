/**
 * Compares two versions that were measured in pairs: the median of the ratios new ÷ old, with a
 * distribution-free confidence interval.
 *
 * With the n ratios sorted, [x(k), x(n + 1 − k)] covers the true median with the probability
 * 1 − 2 · P(B ≤ k − 1), B binomial with n trials of ½; k is the greatest for which that is at least 95 %.
 * This is exact for any continuous distribution (E. L. Lehmann, Nonparametrics: Statistical Methods Based on
 * Ranks, 1975, pp. 182–183). A bootstrap of the median is only approximate for 9 to 15 values, because its
 * resamples have few different medians.
 */
const CONFIDENCE_MIN = 0.95;

/** With fewer pairs there is no verdict. */
export const PAIRS_MIN = 9;

/** The verdict is "worse" if the whole interval is above this. */
const WORSE_ABOVE = 1.03;
/** The verdict is "better" if the whole interval is below this. */
const BETTER_BELOW = 0.97;

export type Side = 'old' | 'new';

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Probability that the interval covers the median, at least 0.95. */
  readonly confidence: number;
}

export interface Comparison {
  readonly pairs: number;
  readonly median: number;
  /** null with fewer than 6 pairs: none of their intervals reaches 95 %. */
  readonly interval: Interval | null;
  readonly verdict: 'worse' | 'not worse' | 'better' | 'too few pairs to judge';
}

/** `pair` counts from 0. The order alternates (A B, B A, …), so that a steady drift favours neither side. */
export function orderOf(pair: number): readonly [Side, Side] {
  return pair % 2 === 0 ? ['old', 'new'] : ['new', 'old'];
}

export function compareRatios(ratios: readonly number[]): Comparison {
  const sorted = ratios.toSorted((a, b) => a - b);
  const interval = medianInterval(sorted);
  const pairs = ratios.length;
  return { pairs, median: medianOf(sorted), interval, verdict: verdictOf(pairs, interval) };
}

function verdictOf(pairs: number, interval: Interval | null): Comparison['verdict'] {
  if (pairs < PAIRS_MIN || interval === null) return 'too few pairs to judge';
  if (interval.low > WORSE_ABOVE) return 'worse';
  return interval.high < BETTER_BELOW ? 'better' : 'not worse';
}

/** The result in one line. `old`: the name of the old version. */
export function comparisonText({ pairs, median, interval, verdict }: Comparison, old: string): string {
  const share = (value: number): string => value.toFixed(3);
  const range = interval
    ? `${(interval.confidence * 100).toFixed(1)} % interval ${share(interval.low)} – ${share(interval.high)}`
    : 'no 95 % interval';
  const wide = verdict === 'not worse' && (interval?.high ?? 0) > WORSE_ABOVE;
  const more = wide ? `; it reaches above ${WORSE_ABOVE}: more pairs would narrow it` : '';
  return `${verdict}: CPU per delivery × ${share(median)} of ${old} (median of ${pairs}, ${range}${more})`;
}

function medianInterval(sorted: readonly number[]): Interval | null {
  const n = sorted.length;
  // 2 · P(B ≤ below); `ways` is the binomial coefficient of n and `below`.
  let tails = 0;
  let ways = 1;
  let found: Interval | null = null;
  for (let below = 0; below < n / 2; below++) {
    tails += (2 * ways) / 2 ** n;
    ways = (ways * (n - below)) / (below + 1);
    const confidence = 1 - tails;
    if (confidence < CONFIDENCE_MIN) break;
    found = { low: sorted[below] as number, high: sorted[n - 1 - below] as number, confidence };
  }
  return found;
}

/** Of an even number of values: the mean of the two in the middle. */
function medianOf(sorted: readonly number[]): number {
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return (low + high) / 2;
}
