/** "reached" or "not reached", one line per promise. */
export interface Line {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** One of the two: the value may be at most, or must be at least, so much. */
  readonly max?: number;
  readonly min?: number;
  /** The figures of the single runs, for the spread. */
  readonly runs?: readonly number[];
}

/**
 * A line over several runs. One that must be 0 counts faults, and its worst run counts: the median would
 * forgive a run that lost messages. Of every other line it is the median. A run without a figure leaves
 * the line without one.
 */
export function ofRuns(line: Omit<Line, 'value' | 'runs'>, runs: readonly number[]): Line {
  const value = line.max === 0 ? Math.max(...runs) : median(runs);
  return { ...line, value: runs.every(Number.isFinite) ? value : Number.NaN, runs };
}

/** Prints each line; true if all are reached. */
export function judge(lines: readonly Line[]): boolean {
  for (const line of lines) console.log(lineText(line));
  return lines.every(reached);
}

/** Least and greatest of the runs stand in brackets. */
export function lineText(line: Line): string {
  const { name, unit, value, max, min, runs = [] } = line;
  const bound = max === undefined ? `at least ${round(min ?? Number.NaN)}` : `at most ${round(max)}`;
  const measured = `${round(value)} ${unit}`.trimEnd();
  const spread = runs.length < 2 ? '' : ` (${round(Math.min(...runs))} – ${round(Math.max(...runs))})`;
  return `${reached(line) ? 'reached    ' : 'not reached'}  ${name}: ${measured}${spread}, ${bound}`;
}

/** A figure that is no number was not measured, and so not reached. */
function reached({ value, max, min }: Line): boolean {
  return Number.isFinite(value) && value <= (max ?? Infinity) && value >= (min ?? -Infinity);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): string {
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2);
}
