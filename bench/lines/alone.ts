/**
 * What every file of lines exports, and how one is run by itself: `bun bench/lines/<name>.ts`
 * prints its lines and ends with 1 if one is not reached. `--scale 0.1` is a quick look with a tenth
 * of rooms, players and rates, whose figures say little; `--seconds 5` the length of a measured
 * stretch; `--runs 5` takes the median of so many, and of what must be 0 the worst.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { judge, type Line, ofRuns } from '../lib/verdict.ts';

export interface LineOptions {
  /** On the disk that is measured; whoever made it removes it. */
  readonly folder: string;
  /** 1 = as promised; less for a quick look. */
  readonly scale: number;
  /** Length of a measured stretch. */
  readonly seconds: number;
}

/** Measures once. Progress goes to standard error. Throws when something other than speed is wrong. */
export type LinesOf = (options: LineOptions) => Promise<readonly Line[]>;

/** For the main program of a file of lines. */
export async function alone(measure: LinesOf): Promise<never> {
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
    process.exitCode = judge(await repeated(measure, options, Number(values.runs))) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.exit();
}

/** Each line over so many runs, one after another. */
export async function repeated(
  measure: LinesOf,
  options: LineOptions,
  runs: number,
): Promise<readonly Line[]> {
  const all: (readonly Line[])[] = [];
  for (let run = 1; run <= runs; run++) {
    all.push(await measure(options));
    if (runs > 1)
      for (const { name, value, unit } of all.at(-1) ?? []) say(`run ${run}: ${name} ${value} ${unit}`);
  }
  return (all[0] ?? []).map((line, at) => {
    const figures = all.map((lines) => lines[at]?.value ?? Number.NaN);
    return ofRuns(line, figures);
  });
}

/** Progress, for whoever waits. */
export function say(text: string): void {
  console.error(`  ${text}`);
}

/** A size of the promise at this scale, at least `least`. */
export function scaled(size: number, { scale }: LineOptions, least = 1): number {
  return Math.max(least, Math.round(size * scale));
}
