/** Rewrites the generated part of RESULTS.md, between two markers; what people wrote around it stays. */
import { type Machine, machineText } from './machine.ts';
import type { Plot } from './plots.ts';
import { type Table, tableText } from './table.ts';
import { type Line, lineText } from './verdict.ts';

const BEGIN = '<!-- written by `npm run bench -- --write-results`: from here … -->';
const END = '<!-- … to here -->';

export interface Run {
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
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

function sectionOf({ date, command, machine, table, lines, plots }: Run): string {
  return [
    '',
    `## ${date}`,
    '',
    `${machineText(machine)} Command: \`${command}\`.`,
    '',
    ...(table ? [tableText(table), ''] : []),
    ...plots.flatMap(({ file, alt }) => [`![${alt}](plots/${file})`, '']),
    '```',
    ...lines.map(lineText),
    '```',
    '',
  ].join('\n');
}
