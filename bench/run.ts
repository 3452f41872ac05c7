/**
 * `npm run bench`: measures all promised figures on this machine, which should do nothing else meanwhile.
 * First the table: Escapement and seven other servers under the same load, in one run. Then the other lines,
 * one file of bench/lines/ each, and those of a phone (`bench:client`). Progress is written to standard error.
 * Exit code 1 if a line is not reached.
 *
 *   --only a,b        only these: names of bench/lib/peers.ts, lines:<name> of bench/lines/all.ts, lines:client
 *   --runs 5          runs of the table, interleaved; the median counts
 *   --line-runs 3     runs of each other line; the median counts, or the worst run if the goal is 0
 *   --seconds 10      length of a measured stretch (8 with --against)
 *   --rooms 2400      with four players each
 *   --rate 12000      messages per second of all rooms together
 *   --json FILE       writes all figures
 *   --plots           draws bench/plots/
 *   --write-results   rewrites the generated part of bench/RESULTS.md and the plots; needs everything measured
 *   --disk FOLDER     where data folders are made (.cache/bench)
 *
 * `--against <git ref>` measures something else: the CPU per delivery of the working tree and of another
 * version, in pairs of runs (bench/versions/compare.ts). Exit code 1 if it is worse, 2 for an unknown ref.
 *
 *   --pairs 9         pairs of runs; fewer than 9 are only a try-out, and nothing is judged
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { syncText, isInMemory, measureSync } from './lib/disk-sync.ts';
import { removeWhenInterrupted } from './lib/interrupt.ts';
import { readMachine, machineText } from './lib/machine.ts';
import type { LoadShape } from './lib/measure.ts';
import { missingRequirements, type Requirement } from './lib/requirements.ts';
import { PEERS } from './lib/peers.ts';
import { measurePhone } from './lib/phone.ts';
import { drawPlots, writePlots } from './lib/plots.ts';
import { tableGoals } from './lib/table-goals.ts';
import { TESTED_ELSEWHERE, writeResults } from './lib/results-file.ts';
import { runTable } from './lib/table-run.ts';
import { type Table, tableText } from './lib/table.ts';
import { printLines, type Line } from './lib/verdict.ts';
import { LINES } from './lines/all.ts';
import { measureRepeatedly } from './lines/standalone.ts';
import { compareVersions } from './versions/compare.ts';

const PLAYERS = 4;
const BODY_BYTES = 135;
const WARM_UP_MS = 2_000;
const SECONDS = 10;
const COMPARE_SECONDS = 8;
const LINE_PREFIX = 'lines:';
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
const log = (text: string): void => console.error(text);

if (values['write-results'] && values.only !== undefined) {
  log('--write-results replaces all figures of bench/RESULTS.md, but --only measures a part of them:');
  log('leave out one of the two. (--json and --plots save the figures of a part.)');
  process.exit(1);
}
const comparing = values.against !== undefined;
if (comparing && (values.only !== undefined || values['write-results'] || values.plots)) {
  log('--against measures Escapement alone: leave out --only, --plots and --write-results.');
  process.exit(2);
}
if (!/^[1-9]\d*$/.test(values.pairs)) {
  log(`--pairs is "${values.pairs}": it must be a whole number from 1.`);
  process.exit(2);
}
const chosen = comparing ? { peers: [], lines: [] } : choose(values.only?.split(',') ?? null);
const special: readonly Requirement[] = comparing
  ? ['node', 'git']
  : chosen.peers.flatMap(({ requirements }) => requirements);
const missing = missingRequirements(['gcc', 'taskset', 'cores', ...special]);
if (missing.length > 0) {
  for (const sentence of missing) log(`Missing: ${sentence}.`);
  log('Install it, or leave out what needs it (--only).');
  process.exit(1);
}
await mkdir(values.disk, { recursive: true });
if (await isInMemory(values.disk)) {
  log(`${values.disk} is in memory, where nothing is durable: choose a folder on a disk (--disk).`);
  process.exit(1);
}
const folder = await mkdtemp(join(values.disk, 'run-'));
removeWhenInterrupted(folder);
try {
  if (values.against !== undefined) process.exitCode = await compare(values.against);
  else process.exitCode = (await main()) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit();

/** Returns true if all lines are reached. */
async function main(): Promise<boolean> {
  const date = new Date().toISOString().slice(0, 10);
  const machine = readMachine();
  console.log(machineText(machine));
  const disk = await measureSync(folder);
  console.log(syncText(disk));
  const table = chosen.peers.length > 0 ? await measureTable() : null;
  if (table) console.log(`\n${tableText(table)}\n`);
  const lines = [...tableGoals(table?.results ?? []), ...(await measureLines())];
  const reached = printLines(lines);
  console.log(`\n${TESTED_ELSEWHERE}`);
  const drawn = table ? drawPlots(table.results) : [];
  if (values.plots || values['write-results']) await writePlots(join(import.meta.dir, 'plots'), drawn);
  if (values['write-results']) {
    const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
    const run = { date, command, machine, disk, table, lines, plots: drawn };
    await writeResults(join(import.meta.dir, 'RESULTS.md'), run);
  }
  if (values.json)
    await Bun.write(values.json, JSON.stringify({ date, machine, disk, table, lines }, null, 1));
  return reached;
}

/** Returns the exit code. */
function compare(ref: string): Promise<number> {
  const plan = { ref, pairs: Number(values.pairs), shape: loadShape(COMPARE_SECONDS), folder };
  return compareVersions({ ...plan, json: values.json ?? null }, log);
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
  return { load, results: await runTable(chosen.peers, load, Number(values.runs), folder, log) };
}

/** If measuring a line fails, it counts as not reached, and the others are still measured. */
async function measureLines(): Promise<readonly Line[]> {
  const lines: Line[] = [];
  const options = { folder, scale: 1, seconds: Number(values.seconds ?? SECONDS) };
  const runs = Number(values['line-runs']);
  for (const name of chosen.lines) {
    log(`lines: ${name}`);
    const pending =
      name === CLIENT
        ? measurePhone(folder, runs)
        : (async () => measureRepeatedly(await (LINES[name] ?? unknown)(), options, runs))();
    const measured = await pending.catch((error: unknown) => {
      log(`${name} could not be measured: ${String(error)}`);
      return [{ name: `${name} could not be measured`, unit: '', value: Number.NaN, max: 0 }];
    });
    lines.push(...measured);
  }
  return lines;
}

function choose(only: readonly string[] | null) {
  const lines = [...Object.keys(LINES), CLIENT];
  if (only === null) return { peers: PEERS, lines };
  const known = new Set([...PEERS.map(({ name }) => name), ...lines.map((name) => LINE_PREFIX + name)]);
  for (const name of only) if (!known.has(name)) unknown(name);
  return {
    peers: PEERS.filter(({ name }) => only.includes(name)),
    lines: lines.filter((name) => only.includes(LINE_PREFIX + name)),
  };
}

function unknown(name = 'this'): never {
  log(`Unknown name: ${name}. Systems: ${PEERS.map((peer) => peer.name).join(', ')}.`);
  log(`Lines: ${[...Object.keys(LINES), CLIENT].map((line) => LINE_PREFIX + line).join(', ')}.`);
  process.exit(1);
}
