/** Rewrites the generated part of RESULTS.md, between two markers; what people wrote around it stays. */
import { type Disk, diskText } from './disk.ts';
import { type Machine, machineText } from './machine.ts';
import { OURS_RUNS_AS } from './peers.ts';
import type { Plot } from './plots.ts';
import { type Table, tableText } from './table.ts';
import { type Line, lineText } from './verdict.ts';

const BEGIN = '<!-- written by `npm run bench -- --write-results`: from here … -->';
const END = '<!-- … to here -->';

/** What is promised and not measured here. */
export const ELSEWHERE =
  'kill -9 × 200, power cuts × 300 and 10,000 simulated runs, with no visible message lost, repeated or reordered: these are not' +
  ' figures, they are played by `npm run test:full`, which fails if one is.';
const SPREAD =
  'Of several runs the median counts, of a line that must be 0 the worst one; in brackets the least and the greatest.';

export interface Run {
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly disk: Disk;
  readonly table: Table | null;
  readonly lines: readonly Line[];
  readonly plots: readonly Plot[];
}

export async function writeResults(path: string, run: Run): Promise<void> {
  const old = await Bun.file(path).text();
  const before = old.indexOf(BEGIN);
  const after = old.indexOf(END);
  if (before < 0 || after < before) throw new Error(`${path} has no place for results: ${BEGIN} ${END}`);
  await Bun.write(path, old.slice(0, before + BEGIN.length) + sectionOf(run) + old.slice(after));
}

function sectionOf({ date, command, machine, disk, table, lines, plots }: Run): string {
  return [
    '',
    `## ${date}`,
    '',
    `${machineText(machine)} Command: \`${command}\`.`,
    diskText(disk),
    SPREAD,
    ...(table ? [OURS_RUNS_AS] : []),
    ELSEWHERE,
    '',
    ...(table ? [tableText(table), ''] : []),
    ...plots.flatMap(({ file, alt }) => [`![${alt}](plots/${file})`, '']),
    '```',
    ...lines.map(lineText),
    '```',
    '',
  ].join('\n');
}
