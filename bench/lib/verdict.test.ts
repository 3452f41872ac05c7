/** The result of several runs: "reached" must not hide a run that lost a message. */
import { expect, test } from 'bun:test';
import { lineText, lineOfRuns } from './verdict.ts';

const FAULTS = { name: 'missing', unit: 'deliveries', max: 0 };
const LATENCY = { name: 'p99', unit: 'ms', max: 12 };

test('if the goal is 0, the worst run counts', () => {
  expect(lineText(lineOfRuns(FAULTS, [0, 3, 0]))).toBe(
    'not reached  missing: 3 deliveries (0 – 3), at most 0',
  );
  expect(lineText(lineOfRuns(FAULTS, [0, 0, 0]))).toBe(
    'reached      missing: 0 deliveries (0 – 0), at most 0',
  );
});

test('otherwise the median counts, and the spread is shown', () => {
  expect(lineText(lineOfRuns(LATENCY, [20.5, 8.25, 11]))).toBe(
    'reached      p99: 11 ms (8.25 – 20.50), at most 12',
  );
});

test('a run without a figure leaves the line not reached', () => {
  expect(lineText(lineOfRuns(LATENCY, [1, Number.NaN, 1]))).toStartWith('not reached');
});
