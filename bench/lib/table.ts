/**
 * The table: one row per system. Each figure is the median of the runs, with minimum and maximum in brackets.
 * The Markdown is padded, so that it can be read in a terminal, too.
 */
import type { FigureName, LoadShape, Sample } from './measure.ts';
import type { Peer } from './peers.ts';
import { median } from './verdict.ts';

export interface Result {
  readonly peer: Pick<Peer, 'name' | 'title' | 'durable'>;
  /** Messages per second that it got: fewer than the load has if it does not keep up with that. */
  readonly rate: number;
  /** The share of the full load that it delivered in its trial; null if it kept up, or had no trial. */
  readonly deliveredShare: number | null;
  readonly samples: readonly Sample[];
}

/** Results of the same load on the same machine. */
export interface Table {
  readonly load: LoadShape;
  readonly results: readonly Result[];
}

type Column = readonly [title: string, cell: (result: Result, limit: Result | undefined) => string];

const COLUMNS: readonly Column[] = [
  ['', ({ peer }) => peer.title],
  ['messages/s', ({ rate }) => String(rate)],
  ['CPU, cores', (result) => spread(result, 'cpu', 3)],
  ['CPU ÷ limit', (result, limit) => (limit ? `× ${cpuRatio(result, limit).toFixed(2)}` : '')],
  ['p50, ms', (result) => spread(result, 'p50', 2)],
  ['p99, ms', (result) => spread(result, 'p99', 2)],
  ['MB', (result) => medianFigure(result, 'memoryMb').toFixed(0)],
  ['faults', (result) => String(wrongDeliveries(result))],
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
      ` median of ${results[0]?.samples.length ?? 0} runs (minimum – maximum).`,
    '',
    head,
    rule,
    ...body,
    '',
    ...reducedLoadText(results, load.rate),
    'CPU ÷ limit is per delivery. MB are resident. Faults: deliveries missing, repeated or out of order, in all runs. Durable: on the disk before a player sees it.',
    `The load generator was late by ${worstLateness(results).toFixed(2)} ms (p99 of the worst run). Over 1 ms, the machine was busy with other work, and latencies say little.`,
  ].join('\n');
}

export function medianFigure({ samples }: Result, name: FigureName): number {
  return median(samples.map((sample) => sample[name]));
}

/** CPU seconds per delivery, as a multiple of the limit's. */
export function cpuRatio(result: Result, limit: Result): number {
  return median(result.samples.map(perDelivery)) / median(limit.samples.map(perDelivery));
}

/** CPU seconds per delivery. */
export function perDelivery({ cpu, deliveriesPerSecond }: Sample): number {
  return cpu / deliveriesPerSecond;
}

/** A sentence on the systems that did not keep up with the full load. */
function reducedLoadText(results: readonly Result[], rate: number): readonly string[] {
  const shares = results.flatMap(({ peer, deliveredShare }) =>
    deliveredShare === null ? [] : [`${peer.title} ${(100 * deliveredShare).toFixed(0)} %`],
  );
  if (shares.length === 0) return [];
  return [
    `Measured with a lower rate, because in a trial at ${rate} messages/s they did not deliver everything within a second; they delivered: ${shares.join(', ')}.`,
  ];
}

function worstLateness(results: readonly Result[]): number {
  return Math.max(...results.flatMap(({ samples }) => samples.map(({ report }) => report.lateP99)));
}

/** In all runs. */
export function wrongDeliveries({ samples }: Result): number {
  return samples.reduce((sum, { faults, missing }) => sum + faults + missing, 0);
}

function spread(result: Result, name: FigureName, digits: number): string {
  const sorted = result.samples.map((sample) => sample[name]).sort((a, b) => a - b);
  const shown = (value: number | undefined): string => (value ?? Number.NaN).toFixed(digits);
  const middle = shown(medianFigure(result, name));
  return sorted.length < 2 ? middle : `${middle} (${shown(sorted[0])} – ${shown(sorted.at(-1))})`;
}
