/**
 * What each file of lines exports, and how to run one alone: `bun bench/lines/<name>.ts` prints its lines,
 * with exit code 1 if one is not reached. `--scale 0.1` tries it out with a tenth of the rooms, players and
 * rates; its figures mean little. `--seconds 5` is the length of a measured stretch. `--runs 5` measures five
 * times: the median counts, or the worst run if the goal is 0.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { printLines, type Line, lineOfRuns } from '../lib/verdict.ts';

export interface LineOptions {
  /** On the disk that is measured; removed by the caller. */
  readonly folder: string;
  /** 1 = the promised size; less for a try-out. */
  readonly scale: number;
  /** The length of a measured stretch. */
  readonly seconds: number;
}

/** Measures once. Progress is written to standard error. A figure that misses its goal is no error; if anything else fails, it throws. */
export type MeasureLines = (options: LineOptions) => Promise<readonly Line[]>;

/** The main program of a file of lines. */
export async function runStandalone(measure: MeasureLines): Promise<never> {
  const { values } = parseArgs({
    options: {
      scale: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '10' },
      runs: { type: 'string', default: '1' },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'escapement-line-'));
  try {
    const options = { folder, scale: Number(values.scale), seconds: Number(values.seconds) };
    process.exitCode = printLines(await measureRepeatedly(measure, options, Number(values.runs))) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.exit();
}

/** Measures `runs` times, one after another, and combines the figures of each line. */
export async function measureRepeatedly(
  measure: MeasureLines,
  options: LineOptions,
  runs: number,
): Promise<readonly Line[]> {
  const all: (readonly Line[])[] = [];
  for (let run = 1; run <= runs; run++) {
    all.push(await measure(options));
    if (runs > 1)
      for (const { name, value, unit } of all.at(-1) ?? []) log(`run ${run}: ${name} ${value} ${unit}`);
  }
  return (all[0] ?? []).map((line, at) => {
    const figures = all.map((lines) => lines[at]?.value ?? Number.NaN);
    return lineOfRuns(line, figures);
  });
}

/** Writes progress. */
export function log(text: string): void {
  console.error(`  ${text}`);
}

/** `size` at this scale, but at least `min`. */
export function scaled(size: number, { scale }: LineOptions, min = 1): number {
  return Math.max(min, Math.round(size * scale));
}
