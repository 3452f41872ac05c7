/**
 * `npm run bench`: everything that is promised about speed, measured on this machine, which should do
 * nothing else meanwhile. First a table: Escapement beside seven other servers, under one load, in one
 * run. Then the other promises, one file of bench/lines/ each, and the phone's (`bench:client`).
 * Progress goes to standard error. Ends with 1 if a line is not reached.
 *
 *   --only a,b        only these: names of bench/lib/peers.ts, lines:<name> of bench/lines/all.ts, lines:client
 *   --runs 5          of the table, interleaved; the median counts
 *   --line-runs 3     of each of the other lines; the median counts, of what must be 0 the worst
 *   --seconds 10      length of a measured stretch (8 with --against)
 *   --rooms 2400      of four players each
 *   --rate 12000      messages a second, of all rooms together
 *   --json FILE       everything that was found
 *   --plots           draws bench/plots/
 *   --write-results   rewrites the generated part of bench/RESULTS.md, and the plots; needs everything measured
 *   --disk FOLDER     where data folders are made (.cache/bench)
 *
 * `--against <git ref>` measures something else: the working tree's CPU per delivery against that of another
 * version, in pairs of runs (bench/versions/compare.ts). Ends with 1 if it is worse, 2 for an unknown ref.
 *
 *   --pairs 9         pairs of runs; fewer than 9 are a try-out that judges nothing
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { diskText, isMemory, syncTimes } from './lib/disk.ts';
import { removeWhenInterrupted } from './lib/interrupt.ts';
import { machine, machineText } from './lib/machine.ts';
import type { LoadShape } from './lib/measure.ts';
import { missingNeeds, type Need } from './lib/needs.ts';
import { PEERS } from './lib/peers.ts';
import { phoneLines } from './lib/phone.ts';
import { plots, writePlots } from './lib/plots.ts';
import { promises } from './lib/promises.ts';
import { ELSEWHERE, writeResults } from './lib/results.ts';
import { runTable } from './lib/table-run.ts';
import { type Table, tableText } from './lib/table.ts';
import { judge, type Line } from './lib/verdict.ts';
import { LINES } from './lines/all.ts';
import { repeated } from './lines/alone.ts';
import { commitOf } from './versions/checkout.ts';
import { compareVersions } from './versions/compare.ts';

const PLAYERS = 4;
const BODY_BYTES = 135;
const WARM_UP_MS = 2_000;
const SECONDS = 10;
const COMPARE_SECONDS = 8;
const LINE = 'lines:';
const CLIENT = 'client';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string', default: '5' },
    'line-runs': { type: 'string', default: '3' },
    seconds: { type: 'string' },
    rooms: { type: 'string', default: '2400' },
    rate: { type: 'string', default: '12000' },
    json: { type: 'string' },
    plots: { type: 'boolean', default: false },
    'write-results': { type: 'boolean', default: false },
    disk: { type: 'string', default: join(import.meta.dir, '../.cache/bench') },
    against: { type: 'string' },
    pairs: { type: 'string', default: '9' },
  },
});
const say = (text: string): void => console.error(text);

if (values['write-results'] && values.only !== undefined) {
  say('--write-results replaces all figures of bench/RESULTS.md, and --only would measure a part of them:');
  say('leave out one of the two. (--json and --plots keep what a part of them showed.)');
  process.exit(1);
}
const comparing = values.against !== undefined;
if (comparing && (values.only !== undefined || values['write-results'] || values.plots)) {
  say('--against measures Escapement alone: leave out --only, --plots and --write-results.');
  process.exit(2);
}
if (!/^[1-9]\d*$/.test(values.pairs)) {
  say(`--pairs is "${values.pairs}": it must be a whole number from 1.`);
  process.exit(2);
}
const chosen = comparing ? { peers: [], lines: [] } : choose(values.only?.split(',') ?? null);
const special: readonly Need[] = comparing ? ['node', 'git'] : chosen.peers.flatMap(({ needs }) => needs);
const missing = missingNeeds(['gcc', 'taskset', 'cores', ...special]);
if (missing.length > 0) {
  for (const sentence of missing) say(`Missing: ${sentence}.`);
  say('Install it, or leave out what needs it (--only).');
  process.exit(1);
}
await mkdir(values.disk, { recursive: true });
if (await isMemory(values.disk)) {
  say(`${values.disk} is in memory, where nothing is durable: choose a folder on a disk (--disk).`);
  process.exit(1);
}
const folder = await mkdtemp(join(values.disk, 'run-'));
removeWhenInterrupted(folder);
try {
  process.exitCode = values.against === undefined ? Number(!(await main())) : await compare(values.against);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit();

/** True if all that was judged is reached. */
async function main(): Promise<boolean> {
  const date = new Date().toISOString().slice(0, 10);
  const found = machine();
  console.log(machineText(found));
  const disk = await syncTimes(folder);
  console.log(diskText(disk));
  const table = chosen.peers.length > 0 ? await measureTable() : null;
  if (table) console.log(`\n${tableText(table)}\n`);
  const lines = [...promises(table?.results ?? []), ...(await measureLines())];
  const reached = judge(lines);
  console.log(`\n${ELSEWHERE}`);
  const drawn = table ? plots(table.results) : [];
  if (values.plots || values['write-results']) await writePlots(join(import.meta.dir, 'plots'), drawn);
  if (values['write-results']) {
    const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
    const run = { date, command, machine: found, disk, table, lines, plots: drawn };
    await writeResults(join(import.meta.dir, 'RESULTS.md'), run);
  }
  if (values.json)
    await Bun.write(values.json, JSON.stringify({ date, machine: found, disk, table, lines }, null, 1));
  return reached;
}

/** Returns the exit code. */
async function compare(ref: string): Promise<number> {
  const commit = await commitOf(ref);
  if (commit === null) {
    say(`"${ref}" is no commit of this repository: give --against a commit, a branch or a tag.`);
    return 2;
  }
  console.log(machineText(machine()));
  console.log(diskText(await syncTimes(folder)));
  const plan = { ref, commit, pairs: Number(values.pairs), shape: loadShape(COMPARE_SECONDS), folder };
  return compareVersions({ ...plan, json: values.json ?? null }, say);
}

/** `seconds`: the length of a measured stretch if none was given. */
function loadShape(seconds: number): LoadShape {
  return {
    rooms: Number(values.rooms),
    players: PLAYERS,
    rate: Number(values.rate),
    bodyBytes: BODY_BYTES,
    warmUpMs: WARM_UP_MS,
    measureMs: Number(values.seconds ?? seconds) * 1_000,
  };
}

async function measureTable(): Promise<Table> {
  const load = loadShape(SECONDS);
  return { load, results: await runTable(chosen.peers, load, Number(values.runs), folder, say) };
}

/** One that breaks is told, counts as not reached, and does not keep the others from being measured. */
async function measureLines(): Promise<readonly Line[]> {
  const lines: Line[] = [];
  const options = { folder, scale: 1, seconds: Number(values.seconds ?? SECONDS) };
  const runs = Number(values['line-runs']);
  for (const name of chosen.lines) {
    say(`lines: ${name}`);
    const measuring =
      name === CLIENT
        ? phoneLines(folder, runs)
        : (async () => repeated(await (LINES[name] ?? unknown)(), options, runs))();
    const measured = await measuring.catch((error: unknown) => {
      say(`${name} could not be measured: ${String(error)}`);
      return [{ name: `${name} could not be measured`, unit: '', value: Number.NaN, max: 0 }];
    });
    lines.push(...measured);
  }
  return lines;
}

function choose(only: readonly string[] | null) {
  const lines = [...Object.keys(LINES), CLIENT];
  if (only === null) return { peers: PEERS, lines };
  const known = new Set([...PEERS.map(({ name }) => name), ...lines.map((name) => LINE + name)]);
  for (const name of only) if (!known.has(name)) unknown(name);
  return {
    peers: PEERS.filter(({ name }) => only.includes(name)),
    lines: lines.filter((name) => only.includes(LINE + name)),
  };
}

function unknown(name = 'this'): never {
  say(`${name} is not known. Systems: ${PEERS.map((peer) => peer.name).join(', ')}.`);
  say(`Lines: ${[...Object.keys(LINES), CLIENT].map((line) => LINE + line).join(', ')}.`);
  process.exit(1);
}
