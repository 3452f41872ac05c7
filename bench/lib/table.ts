/**
 * The table: a system a line, each figure the median of the runs with the least and the greatest in
 * brackets. Markdown, padded, so that it reads the same in a terminal and in the results.
 */
import type { Figure, LoadShape, Sample } from './measure.ts';
import type { Peer } from './peers.ts';
import { median } from './verdict.ts';

export interface Result {
  readonly peer: Pick<Peer, 'name' | 'title' | 'durable'>;
  /** Messages per second it was given: fewer than the others if it could not take as many. */
  readonly rate: number;
  /** What it delivered of the whole load in its trial, a share; null if it took all, or had no trial. */
  readonly shareOfAll: number | null;
  readonly samples: readonly Sample[];
}

/** One load, one machine. */
export interface Table {
  readonly load: LoadShape;
  readonly results: readonly Result[];
}

type Column = readonly [title: string, cell: (result: Result, limit: Result | undefined) => string];

const COLUMNS: readonly Column[] = [
  ['', ({ peer }) => peer.title],
  ['messages/s', ({ rate }) => String(rate)],
  ['CPU, cores', (result) => spread(result, 'cpu', 3)],
  ['CPU ÷ limit', (result, limit) => (limit ? `× ${against(result, limit).toFixed(2)}` : '')],
  ['p50, ms', (result) => spread(result, 'p50', 2)],
  ['p99, ms', (result) => spread(result, 'p99', 2)],
  ['MB', (result) => figure(result, 'memoryMb').toFixed(0)],
  ['wrong', (result) => String(wrong(result))],
  ['durable', ({ peer }) => (peer.durable ? 'yes' : 'no')],
];

export function tableText({ load, results }: Table): string {
  const limit = results.find(({ peer }) => peer.name === 'limit');
  const rows = [
    COLUMNS.map(([title]) => title),
    ...results.map((result) => COLUMNS.map(([, cell]) => cell(result, limit))),
  ];
  const widths = COLUMNS.map((_, at) => Math.max(3, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows.map(line);
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [
    `${load.rooms} rooms × ${load.players} players, ${load.rate} messages/s = ${load.rate * load.players} deliveries/s,` +
      ` bodies of ${load.bodyBytes} bytes, measured for ${load.measureMs / 1_000} s after ${load.warmUpMs / 1_000} s;` +
      ` median of ${results[0]?.samples.length ?? 0} (least – greatest).`,
    '',
    head,
    rule,
    ...body,
    '',
    ...overwhelmed(results, load.rate),
    'CPU ÷ limit is per delivery. MB are resident. Wrong: missing, repeated or out of order, in all runs. Durable: before anybody sees it.',
    `The load itself was late by ${lateness(results).toFixed(2)} ms (p99, the worst run); over 1 ms the machine was not quiet, and latencies say little.`,
  ].join('\n');
}

export function figure({ samples }: Result, name: Figure): number {
  return median(samples.map((sample) => sample[name]));
}

/** CPU seconds per delivery, in those of the limit. */
export function against(result: Result, limit: Result): number {
  return median(result.samples.map(perDelivery)) / median(limit.samples.map(perDelivery));
}

/** CPU seconds. */
export function perDelivery({ cpu, deliveriesPerSecond }: Sample): number {
  return cpu / deliveriesPerSecond;
}

/** A sentence on those that could not take the whole load. */
function overwhelmed(results: readonly Result[], rate: number): readonly string[] {
  const shares = results.flatMap(({ peer, shareOfAll }) =>
    shareOfAll === null ? [] : [`${peer.title} ${(100 * shareOfAll).toFixed(0)} %`],
  );
  if (shares.length === 0) return [];
  return [
    `Measured with less, as they did not deliver everything within a second: what came in a trial at ${rate} messages/s, of what was due: ${shares.join(', ')}.`,
  ];
}

function lateness(results: readonly Result[]): number {
  return Math.max(...results.flatMap(({ samples }) => samples.map(({ report }) => report.lateP99)));
}

/** Of all runs. */
export function wrong({ samples }: Result): number {
  return samples.reduce((sum, { faults, missing }) => sum + faults + missing, 0);
}

function spread(result: Result, name: Figure, digits: number): string {
  const sorted = result.samples.map((sample) => sample[name]).sort((a, b) => a - b);
  const shown = (value: number | undefined): string => (value ?? Number.NaN).toFixed(digits);
  const middle = shown(figure(result, name));
  return sorted.length < 2 ? middle : `${middle} (${shown(sorted[0])} – ${shown(sorted.at(-1))})`;
}
