/** What the table must show of Escapement (the first part of the promised figures). */
import type { Figure, Sample } from './measure.ts';
import { against, figure, perDelivery, type Result, wrong } from './table.ts';
import type { Line } from './verdict.ts';

const CPU_AGAINST_LIMIT_MAX = 1.6;
const P50_MS_MAX = 2.5;
const P99_ABOVE_LIMIT_MS_MAX = 5;
const MEMORY_MB_MAX = 90;

/** Without the limit in the run, what is promised against it cannot be judged. */
export function promises(results: readonly Result[]): readonly Line[] {
  const of = (name: string): Result | undefined => results.find(({ peer }) => peer.name === name);
  const ours = of('escapement');
  const limit = of('limit');
  if (!ours) return [];
  const besides = !limit
    ? []
    : [
        {
          name: 'CPU against the limit',
          unit: '×',
          value: against(ours, limit),
          max: CPU_AGAINST_LIMIT_MAX,
          runs: inPairs(ours, limit, (one, other) => perDelivery(one) / perDelivery(other)),
        },
        {
          name: "p99 of a delivery above the limit's",
          unit: 'ms',
          value: figure(ours, 'p99') - figure(limit, 'p99'),
          max: P99_ABOVE_LIMIT_MS_MAX,
          runs: inPairs(ours, limit, (one, other) => one.p99 - other.p99),
        },
      ];
  return [
    ...besides,
    { name: 'p50 of a delivery', unit: 'ms', ...over(ours, 'p50'), max: P50_MS_MAX },
    { name: 'resident memory', unit: 'MB', ...over(ours, 'memoryMb'), max: MEMORY_MB_MAX },
    {
      name: 'deliveries missing, repeated or out of order, in all runs together',
      unit: '',
      value: wrong(ours),
      max: 0,
    },
  ];
}

function over(result: Result, name: Figure): Pick<Line, 'value' | 'runs'> {
  return { value: figure(result, name), runs: result.samples.map((sample) => sample[name]) };
}

/** Runs are interleaved: those of the same number lie beside each other. */
function inPairs(ours: Result, limit: Result, figureOf: (one: Sample, other: Sample) => number) {
  return ours.samples.flatMap((sample, at) => {
    const other = limit.samples[at];
    return other ? [figureOf(sample, other)] : [];
  });
}
