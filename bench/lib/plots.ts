/** Draws the table: the CPU of each system, its latencies, and their distribution. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { curve, dot, drawing, line, rect, text } from './svg.ts';
import { cpuRatio, medianFigure, type Result } from './table.ts';
import { median } from './verdict.ts';

const WIDTH = 760;
/** Width of the column of names. */
const NAMES = 170;
const RIGHT = 110;
const ROW = 34;
const TOP = 64;
const BOTTOM = 44;
const COLOURS: { readonly [name: string]: string } = {
  limit: '#7d838c',
  bun: '#b9822c',
  'bun-durable': '#8a5a1c',
  'node-ws': '#4c9a58',
  socketio: '#3a8bc2',
  colyseus: '#8d6fc9',
  model: '#c2649a',
  escapement: '#d9482f',
};
const GRID = 'class="grid"';

export interface Plot {
  readonly file: string;
  readonly alt: string;
  readonly svg: string;
}

/** Without the C epoll limit among the results, the plot of CPU is left out: it compares with the limit. */
export function drawPlots(results: readonly Result[]): readonly Plot[] {
  const limit = results.find(({ peer }) => peer.name === 'limit');
  return [...(limit ? [cpuPlot(results, limit)] : []), latencyPlot(results), distributionPlot(results)];
}

export async function writePlots(folder: string, drawn: readonly Plot[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { file, svg } of drawn) await Bun.write(join(folder, file), svg);
}

function colourOf({ peer }: Result): string {
  return COLOURS[peer.name] ?? '#7d838c';
}

/** The name, with the rate if that is lower than for other systems. */
function nameOf({ peer, rate }: Result, results: readonly Result[]): string {
  const fullRate = Math.max(...results.map((result) => result.rate));
  return rate === fullRate ? peer.title : `${peer.title}, ${rate}/s`;
}

function cpuPlot(results: readonly Result[], limit: Result): Plot {
  const values = results.map((result) => cpuRatio(result, limit));
  const max = Math.ceil(Math.max(2, ...values));
  const height = TOP + ROW * results.length + BOTTOM;
  const bottom = height - BOTTOM;
  const x = (value: number): number => NAMES + (value / max) * (WIDTH - NAMES - RIGHT);
  const alt = 'CPU per delivery, in multiples of what a C relay on epoll takes; less is better';
  const ticks = Array.from({ length: max + 1 }, (_, value) => value);
  const parts = [
    text(NAMES, 24, 'CPU per delivery', 'start', 'title'),
    text(NAMES, 44, 'in multiples of the C epoll limit; less is better', 'start', 'small'),
    ...ticks.map((value) => line(x(value), TOP - 6, x(value), bottom, GRID)),
    ...ticks.map((value) => text(x(value), bottom + 18, `× ${value}`, 'middle', 'small')),
    ...results.flatMap((result, row) => {
      const y = TOP + ROW * row + ROW / 2;
      const value = values[row] ?? 0;
      return [
        text(NAMES - 10, y + 4, nameOf(result, results), 'end'),
        rect(x(0), y - 9, x(value) - x(0), 18, colourOf(result)),
        text(x(value) + 8, y + 4, `× ${value.toFixed(2)}`),
      ];
    }),
  ];
  return { file: 'cpu.svg', alt, svg: drawing(WIDTH, height, alt, parts) };
}

const DECADES = [0.01, 0.1, 1, 10, 100, 1_000, 10_000];

/** A logarithmic scale between the powers of ten around all values, mapped to `from` … `to`. */
function logScale(values: readonly number[], from: number, to: number) {
  const min = DECADES.findLast((decade) => decade <= Math.min(...values)) ?? 0.01;
  const max = DECADES.find((decade) => decade >= Math.max(...values)) ?? 10_000;
  const span = Math.log10(max / min) || 1;
  return {
    ticks: DECADES.filter((decade) => decade >= min && decade <= max),
    position: (value: number): number => from + (Math.log10(Math.max(value, min) / min) / span) * (to - from),
  };
}

function latencyPlot(results: readonly Result[]): Plot {
  const rows = results.map((result) => ({
    result,
    p50: medianFigure(result, 'p50'),
    p99: medianFigure(result, 'p99'),
  }));
  const values = rows.flatMap(({ p50, p99 }) => [p50, p99]).filter((value) => value > 0);
  const { ticks, position: x } = logScale(values, NAMES, WIDTH - RIGHT);
  const height = TOP + ROW * results.length + BOTTOM;
  const bottom = height - BOTTOM;
  const alt = 'Delivery, from send to receive: p50 to p99 in milliseconds, on a scale of powers of ten';
  const parts = [
    text(NAMES, 24, 'Delivery, from send to receive', 'start', 'title'),
    text(NAMES, 44, 'p50 (small dot) to p99 (large dot), ms; less is better', 'start', 'small'),
    ...ticks.map((value) => line(x(value), TOP - 6, x(value), bottom, GRID)),
    ...ticks.map((value) => text(x(value), bottom + 18, `${value} ms`, 'middle', 'small')),
    ...rows.flatMap(({ result, p50, p99 }, row) => {
      const y = TOP + ROW * row + ROW / 2;
      const colour = colourOf(result);
      return [
        text(NAMES - 10, y + 4, nameOf(result, results), 'end'),
        line(x(p50), y, x(p99), y, `stroke="${colour}" stroke-width="3"`),
        dot(x(p50), y, 4, colour),
        dot(x(p99), y, 7, colour),
        text(x(p99) + 14, y + 4, `${short(p50)} – ${short(p99)}`),
      ];
    }),
  ];
  return { file: 'latency.svg', alt, svg: drawing(WIDTH, height, alt, parts) };
}

const PLOT_HEIGHT = 420;
const LEFT = 64;
const LEGEND = 176;
const NINES_MAX = 4;
const SHARES: readonly (readonly [share: number, label: string])[] = [
  [0, '0'],
  [0.5, '50 %'],
  [0.9, '90 %'],
  [0.99, '99 %'],
  [0.999, '99.9 %'],
  [0.9999, '99.99 %'],
];

function distributionPlot(results: readonly Result[]): Plot {
  const curves = results.map((result) => ({ result, points: medianRun(result).report.distribution }));
  const values = curves.flatMap(({ points }) => points.map(([, ms]) => ms)).filter((ms) => ms > 0);
  const bottom = PLOT_HEIGHT - BOTTOM;
  const { ticks, position } = logScale(values, bottom, TOP);
  const x = (share: number): number =>
    LEFT + (Math.min(NINES_MAX, -Math.log10(1 - share)) / NINES_MAX) * (WIDTH - LEFT - LEGEND);
  const ends = curves
    .map(({ result, points }) => ({ result, y: position(points.findLast(([share]) => share < 1)?.[1] ?? 1) }))
    .toSorted((a, b) => b.y - a.y);
  const alt =
    'The share of deliveries within a latency, for each system; nines to the right, latency upwards';
  const parts = [
    text(LEFT, 24, 'Share of deliveries within a latency', 'start', 'title'),
    text(LEFT, 44, 'ms from send to receive; the run with the median p99', 'start', 'small'),
    ...ticks.map((ms) => line(LEFT, position(ms), WIDTH - LEGEND, position(ms), GRID)),
    ...ticks.map((ms) => text(LEFT - 8, position(ms) + 4, String(ms), 'end', 'small')),
    ...SHARES.map(([share]) => line(x(share), TOP, x(share), bottom, GRID)),
    ...SHARES.map(([share, label]) => text(x(share), bottom + 18, label, 'middle', 'small')),
    ...curves.map(({ result, points }) =>
      curve(
        points.filter(([share, ms]) => share < 1 && ms > 0).map(([share, ms]) => [x(share), position(ms)]),
        colourOf(result),
        result.peer.name === 'escapement' ? 3.5 : 2,
      ),
    ),
    ...separate(ends.map(({ y }) => y)).flatMap((y, index) => {
      const end = ends[index];
      if (!end) return [];
      return [
        dot(WIDTH - LEGEND + 12, y, 5, colourOf(end.result)),
        text(WIDTH - LEGEND + 24, y + 4, nameOf(end.result, results)),
      ];
    }),
  ];
  return { file: 'distribution.svg', alt, svg: drawing(WIDTH, PLOT_HEIGHT, alt, parts) };
}

/** Moves heights, given from the bottom up, so that the names there do not overlap. */
function separate(heights: readonly number[]): readonly number[] {
  const moved: number[] = [];
  for (const y of heights) moved.push(Math.min(y, (moved.at(-1) ?? Number.POSITIVE_INFINITY) - 18));
  return moved;
}

function medianRun({ samples }: Result) {
  const middle = median(samples.map(({ p99 }) => p99));
  const found = samples.find(({ p99 }) => p99 === middle);
  if (!found) throw new Error('a system has no runs');
  return found;
}

function short(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toFixed(ms >= 10 ? 1 : 2);
}
