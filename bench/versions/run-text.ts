/** The text that is printed about the runs of a comparison. */
import type { Disturbance } from '../lib/machine-time.ts';
import type { Sample } from '../lib/measure.ts';
import { median } from '../lib/verdict.ts';

export type Run = Sample & Disturbance;

const MICRO = 1e6;

/**
 * CPU seconds of the server per delivery, both within the measured stretch. A delivery counts when it is
 * received, not when it was due: a late server spends its CPU later, too.
 */
export function cpuPerDelivery({ cpu, report }: Run): number {
  return (cpu * report.seconds) / report.during;
}

export function runText(run: Run): string {
  const { cpu, p50, p99, steal, others, report } = run;
  return [
    `${(cpuPerDelivery(run) * MICRO).toFixed(2)} µs per delivery (CPU ${cpu.toFixed(3)})`,
    `p50 ${p50.toFixed(2)} ms`,
    `p99 ${p99.toFixed(2)} ms`,
    `steal ${percent(steal)}`,
    `other work on the server's core ${percent(others)}`,
    `load generator late by ${report.lateP99.toFixed(2)} ms (p99)`,
  ].join(', ');
}

/** Medians of one version with minimum and maximum, and the means of what disturbed it. */
export function sideText(name: string, runs: readonly Run[]): string {
  const of = (figure: (run: Run) => number): string => {
    const values = runs.map(figure);
    const [min, max] = [Math.min(...values), Math.max(...values)];
    return `${median(values).toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`;
  };
  return [
    `${name}: ${of((run) => cpuPerDelivery(run) * MICRO)} µs of CPU per delivery.`,
    `Not judged: p50 ${of(({ p50 }) => p50)} ms, p99 ${of(({ p99 }) => p99)} ms.`,
    `Steal ${percent(mean(runs, ({ steal }) => steal))},`,
    `other work on the server's core ${percent(mean(runs, ({ others }) => others))}.`,
  ].join(' ');
}

export function stealText(runs: readonly Run[]): string {
  const max = Math.max(...runs.map(({ steal }) => steal));
  return `Steal in all runs: ${percent(mean(runs, ({ steal }) => steal))}, maximum ${percent(max)}.`;
}

function mean(runs: readonly Run[], of: (run: Run) => number): number {
  return runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
