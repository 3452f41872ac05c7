/** "reached" or "not reached", one line per promise. */
export interface Line {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** One of the two: the value may be at most, or must be at least, so much. */
  readonly max?: number;
  readonly min?: number;
}

/** Prints each line; true if all are reached. */
export function judge(lines: readonly Line[]): boolean {
  for (const line of lines) console.log(lineText(line));
  return lines.every(reached);
}

export function lineText(line: Line): string {
  const { name, unit, value, max, min } = line;
  const bound = max === undefined ? `at least ${round(min ?? Number.NaN)}` : `at most ${round(max)}`;
  const measured = `${round(value)} ${unit}`.trimEnd();
  return `${reached(line) ? 'reached    ' : 'not reached'}  ${name}: ${measured}, ${bound}`;
}

/** A figure that is no number was not measured, and so not reached. */
function reached({ value, max, min }: Line): boolean {
  return value <= (max ?? Infinity) && value >= (min ?? -Infinity);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
