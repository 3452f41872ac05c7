/** Rewrites the generated part of RESULTS.md, between two markers. The text around it stays. */
import { type SyncTimes, syncText } from './disk-sync.ts';
import { type Machine, machineText } from './machine.ts';
import { ESCAPEMENT_SETUP } from './peers.ts';
import type { Plot } from './plots.ts';
import { type Table, tableText } from './table.ts';
import { type Line, lineText } from './verdict.ts';

const BEGIN = '<!-- written by `npm run bench -- --write-results`: from here … -->';
const END = '<!-- … to here -->';

/** Promises that are tested elsewhere. */
export const TESTED_ELSEWHERE =
  '200 × kill -9, 300 power cuts and 10,000 simulated runs without a visible message lost, repeated or reordered are tested by' +
  ' `npm run test:full`, not here.';
const SPREAD =
  'Of several runs, the median counts; if the goal is 0, the worst run. Minimum and maximum are in brackets.';

export interface ResultsOfRun {
  readonly date: string;
  readonly command: string;
  readonly machine: Machine;
  readonly disk: SyncTimes;
  readonly table: Table | null;
  readonly lines: readonly Line[];
  readonly plots: readonly Plot[];
}

export async function writeResults(path: string, run: ResultsOfRun): Promise<void> {
  const old = await Bun.file(path).text();
  const before = old.indexOf(BEGIN);
  const after = old.indexOf(END);
  if (before < 0 || after < before)
    throw new Error(`${path} has no markers for the results: ${BEGIN} ${END}`);
  await Bun.write(path, old.slice(0, before + BEGIN.length) + sectionOf(run) + old.slice(after));
}

function sectionOf({ date, command, machine, disk, table, lines, plots }: ResultsOfRun): string {
  return [
    '',
    `## ${date}`,
    '',
    `${machineText(machine)} Command: \`${command}\`.`,
    syncText(disk),
    SPREAD,
    ...(table ? [ESCAPEMENT_SETUP] : []),
    TESTED_ELSEWHERE,
    '',
    ...(table ? [tableText(table), ''] : []),
    ...plots.flatMap(({ file, alt }) => [`![${alt}](plots/${file})`, '']),
    '```',
    ...lines.map(lineText),
    '```',
    '',
  ].join('\n');
}
