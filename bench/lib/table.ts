/** Figures for people: the median of the runs and, in brackets, the least and the greatest. */
import type { Figure, LoadShape, Sample } from './measure.ts';

const ROWS: readonly (readonly [title: string, figure: Figure, digits: number])[] = [
  ['CPU, share of a core', 'cpu', 3],
  ['p50 delivery, ms', 'p50', 2],
  ['p99 delivery, ms', 'p99', 2],
  ['resident memory, MB', 'memoryMb', 0],
  ['deliveries per second', 'deliveriesPerSecond', 0],
  ['out of order or twice', 'faults', 0],
  ['missing', 'missing', 0],
];

export function printTable(
  samples: { readonly [peer: string]: readonly Sample[] },
  load: LoadShape,
  disk: { p50: number; p99: number },
): void {
  const perSecond = load.rate * load.players;
  console.log(
    `${load.rooms} rooms × ${load.players} players, ${load.rate} messages/s = ${perSecond} deliveries/s, ` +
      `bodies of ${load.bodyBytes} bytes; disk: write 4 KB + fdatasync p50 ${disk.p50.toFixed(2)} p99 ${disk.p99.toFixed(2)} ms`,
  );
  const peers = Object.keys(samples);
  console.log(['', ...peers].map((cell, index) => cell.padEnd(index === 0 ? 26 : 28)).join(''));
  for (const [title, figure, digits] of ROWS) {
    const cells = peers.map((peer) => cellOf(samples[peer] ?? [], figure, digits));
    console.log([title.padEnd(26), ...cells.map((cell) => cell.padEnd(28))].join(''));
  }
}

function cellOf(runs: readonly Sample[], figure: Figure, digits: number): string {
  const sorted = runs.map((run) => run[figure]).sort((a, b) => a - b);
  const shown = (value: number | undefined): string => (value ?? 0).toFixed(digits);
  const median = sorted[Math.floor(sorted.length / 2)];
  return `${shown(median)}  (${shown(sorted[0])} – ${shown(sorted.at(-1))})`;
}
