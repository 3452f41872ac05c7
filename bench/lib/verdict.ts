/** A line: a measured figure, its goal, and whether it is reached. */
export interface Line {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** The goal, one of the two: the value must be at most `max`, or at least `min`. */
  readonly max?: number;
  readonly min?: number;
  /** The figures of the single runs, for the spread. */
  readonly runs?: readonly number[];
}

/**
 * A line of several runs: the median of their figures. If the goal is at most 0, the line counts faults, and
 * the worst run counts: the median would hide a run that lost messages. NaN if a run has no figure.
 */
export function lineOfRuns(line: Omit<Line, 'value' | 'runs'>, runs: readonly number[]): Line {
  const value = line.max === 0 ? Math.max(...runs) : median(runs);
  return { ...line, value: runs.every(Number.isFinite) ? value : Number.NaN, runs };
}

/** Prints each line. Returns true if all are reached. */
export function printLines(lines: readonly Line[]): boolean {
  for (const line of lines) console.log(lineText(line));
  return lines.every(isReached);
}

/** With the minimum and maximum of the runs in brackets. */
export function lineText(line: Line): string {
  const { name, unit, value, max, min, runs = [] } = line;
  const bound = max === undefined ? `at least ${round(min ?? Number.NaN)}` : `at most ${round(max)}`;
  const measured = `${round(value)} ${unit}`.trimEnd();
  const spread = runs.length < 2 ? '' : ` (${round(Math.min(...runs))} – ${round(Math.max(...runs))})`;
  return `${isReached(line) ? 'reached    ' : 'not reached'}  ${name}: ${measured}${spread}, ${bound}`;
}

/** NaN was not measured, so it is not reached. */
function isReached({ value, max, min }: Line): boolean {
  return Number.isFinite(value) && value <= (max ?? Infinity) && value >= (min ?? -Infinity);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): string {
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2);
}
