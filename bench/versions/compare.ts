/**
 * `npm run bench -- --against <git ref>`: does the working tree use more CPU per delivery than that version?
 *
 * Both servers get the same load, from the load generator of the working tree, on copies of the same rooms. The
 * old version makes the rooms, because a newer version can read them. The runs are in pairs, A B B A, and the
 * ratio of each pair counts. As in the table, the server has one core and the load the other. Latencies are
 * shown but not judged, because they depend more on the machine than on the version.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncText, measureSync } from '../lib/disk-sync.ts';
import type { LoadPlan } from '../lib/load-generator.ts';
import { readMachine, machineText } from '../lib/machine.ts';
import { disturbance, readMachineTime } from '../lib/machine-time.ts';
import { type LoadShape, measurePlan } from '../lib/measure.ts';
import { compareRatios, comparisonText, orderOf, PAIRS_MIN, type Side } from '../lib/median-ratio.ts';
import { checkOut, commitOf } from './checkout.ts';
import { cpuPerDelivery, type Run, runText, sideText, stealText } from './run-text.ts';
import { makeTeams, type Seat } from './teams.ts';
import { startVersion, type Version } from './version-server.ts';

const ROOT = join(import.meta.dir, '../..');
/** A delivery that is this late counts as missing. */
const SETTLE_MS = 20_000;

export interface ComparePlan {
  /** What the working tree is compared with: a commit, branch or tag. */
  readonly ref: string;
  readonly pairs: number;
  readonly shape: LoadShape;
  /** On the disk that is measured; removed by the caller. */
  readonly folder: string;
  /** Where every figure is written; null = nowhere. */
  readonly json: string | null;
}

/** New rooms, made by the old version. Each run gets a copy. */
interface Template {
  readonly dataDir: string;
  readonly teams: readonly (readonly Seat[])[];
}

type Versions = { readonly [side in Side]: Version };
type Runs = { readonly [side in Side]: Run[] };

/** Returns the exit code: 1 if the working tree is worse or a delivery was wrong, 2 for an unknown ref. */
export async function compareVersions(plan: ComparePlan, log: (text: string) => void): Promise<number> {
  const { ref, pairs, shape, folder } = plan;
  const commit = await commitOf(ref);
  if (commit === null) {
    log(`There is no commit "${ref}" in this repository: --against takes a commit, branch or tag.`);
    return 2;
  }
  console.log(machineText(readMachine()));
  console.log(syncText(await measureSync(folder)));
  const versions = {
    old: { name: `${ref} (${commit.slice(0, 10)})`, folder: join(folder, 'old') },
    new: { name: 'the working tree', folder: ROOT },
  };
  log(`Checking out ${versions.old.name}, and making ${shape.rooms} rooms through its pages.`);
  await checkOut(commit, versions.old.folder);
  const dataDir = join(folder, 'rooms');
  const teams = await makeTeams(versions.old, dataDir, shape.rooms, shape.players, log);
  const runs = await runPairs(versions, { dataDir, teams }, plan, log);
  if (runs === null) return 1;
  const ratios = runs.new.map((run, pair) => cpuPerDelivery(run) / cpuPerDelivery(runs.old[pair] as Run));
  const comparison = compareRatios(ratios);
  for (const side of ['old', 'new'] as const) console.log(sideText(versions[side].name, runs[side]));
  console.log(stealText([...runs.old, ...runs.new]));
  if (pairs < PAIRS_MIN) console.log(`Fewer than ${PAIRS_MIN} pairs: a try-out, nothing is judged.`);
  console.log(comparisonText(comparison, versions.old.name));
  if (plan.json !== null) {
    await Bun.write(plan.json, JSON.stringify({ ref, commit, shape, ratios, comparison, runs }, null, 1));
  }
  return comparison.verdict === 'worse' ? 1 : 0;
}

/** Returns null if a delivery was missing, repeated or out of order: then the CPU means nothing. */
async function runPairs(
  versions: Versions,
  template: Template,
  plan: ComparePlan,
  log: (text: string) => void,
): Promise<Runs | null> {
  const runs: Runs = { old: [], new: [] };
  for (let pair = 0; pair < plan.pairs; pair++) {
    for (const side of orderOf(pair)) {
      const run = await runOnce(versions[side], template, plan);
      runs[side].push(run);
      log(`pair ${pair + 1} of ${plan.pairs}, ${versions[side].name}: ${runText(run)}`);
      const { missing, faults, report } = run;
      if (missing + faults === 0) continue;
      log(`Failed: ${missing} deliveries missing, ${faults} repeated, out of order or changed.`);
      if (report.firstFault) log(`The first: ${report.firstFault}.`);
      return null;
    }
  }
  return runs;
}

/** Measures one run, on a new copy of the rooms. */
async function runOnce(version: Version, template: Template, { shape, folder }: ComparePlan): Promise<Run> {
  const own = await mkdtemp(join(folder, 'run-'));
  const dataDir = join(own, 'data');
  await cp(template.dataDir, dataDir, { recursive: true });
  const server = await startVersion(version, ['game', 'archiver'], dataDir);
  try {
    const { port, pid } = server;
    const rooms = template.teams.map((team) => team.map((seat) => ({ ...seat, port })));
    let before = readMachineTime();
    let after = before;
    const load: LoadPlan = { ...shape, protocol: 'escapement', rooms, settleMs: SETTLE_MS };
    const sample = await measurePlan(load, [pid], own, (phase) => {
      if (phase === 'measuring') before = readMachineTime();
      if (phase === 'measured') after = readMachineTime();
    });
    return { ...sample, ...disturbance(before, after, sample.cpu) };
  } finally {
    await server.stop();
    await rm(own, { recursive: true, force: true });
  }
}
