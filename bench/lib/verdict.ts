/** "reached" or "not reached", one line per promise. */
export interface Line {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly max: number;
}

/** Prints each line; true if all are reached. */
export function judge(lines: readonly Line[]): boolean {
  for (const { name, unit, value, max } of lines) {
    const verdict = value <= max ? 'reached    ' : 'not reached';
    console.log(`${verdict}  ${name}: ${round(value)} ${unit}, at most ${round(max)}`);
  }
  return lines.every(({ value, max }) => value <= max);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
