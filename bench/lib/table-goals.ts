/** The lines that are judged from the table: Escapement's CPU, latencies, memory and faults. */
import type { FigureName, Sample } from './measure.ts';
import { cpuRatio, medianFigure, perDelivery, type Result, wrongDeliveries } from './table.ts';
import type { Line } from './verdict.ts';

const CPU_AGAINST_LIMIT_MAX = 1.6;
const P50_MS_MAX = 2.5;
const P99_ABOVE_LIMIT_MS_MAX = 5;
const MEMORY_MB_MAX = 90;

/** Without the C epoll limit among the results, the lines that compare with it are left out. */
export function tableGoals(results: readonly Result[]): readonly Line[] {
  const of = (name: string): Result | undefined => results.find(({ peer }) => peer.name === name);
  const ours = of('escapement');
  const limit = of('limit');
  if (!ours) return [];
  const comparisons = !limit
    ? []
    : [
        {
          name: 'CPU against the limit',
          unit: '×',
          value: cpuRatio(ours, limit),
          max: CPU_AGAINST_LIMIT_MAX,
          runs: inPairs(ours, limit, (our, its) => perDelivery(our) / perDelivery(its)),
        },
        {
          name: "p99 of a delivery above the limit's",
          unit: 'ms',
          value: medianFigure(ours, 'p99') - medianFigure(limit, 'p99'),
          max: P99_ABOVE_LIMIT_MS_MAX,
          runs: inPairs(ours, limit, (our, its) => our.p99 - its.p99),
        },
      ];
  return [
    ...comparisons,
    { name: 'p50 of a delivery', unit: 'ms', ...figuresOf(ours, 'p50'), max: P50_MS_MAX },
    { name: 'resident memory', unit: 'MB', ...figuresOf(ours, 'memoryMb'), max: MEMORY_MB_MAX },
    {
      name: 'deliveries missing, repeated or out of order, in all runs together',
      unit: '',
      value: wrongDeliveries(ours),
      max: 0,
    },
  ];
}

function figuresOf(result: Result, name: FigureName): Pick<Line, 'value' | 'runs'> {
  return { value: medianFigure(result, name), runs: result.samples.map((sample) => sample[name]) };
}

/** Runs are interleaved: runs with the same number took place one after the other. */
function inPairs(ours: Result, limit: Result, figureOf: (our: Sample, its: Sample) => number) {
  return ours.samples.flatMap((our, index) => {
    const its = limit.samples[index];
    return its ? [figureOf(our, its)] : [];
  });
}
