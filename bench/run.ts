/**
 * `npm run bench`: Escapement beside a bare Bun relay, in one run, on one machine, under one load.
 *
 * The server has core 0, the load core 1. Runs are interleaved, and the median of each figure is
 * told with its spread. Flags: `--rooms 2400 --runs 5 --seconds 10 --json FILE`. Ends with 1 if a
 * line is not reached.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { syncTimes } from './lib/disk.ts';
import { type Figure, measure, type Sample } from './lib/measure.ts';
import { bunRelay, escapement } from './lib/peers.ts';
import { printTable } from './lib/table.ts';
import { judge, type Line, median } from './lib/verdict.ts';

const PLAYERS = 4;
const MESSAGES_PER_ROOM = 5;
const BODY_BYTES = 135;
const WARM_UP_MS = 2_000;

/** DESIGN figures that this run can judge. The C relay's cost is 1/1.22 of the bare Bun relay's. */
const CPU_AGAINST_BUN_MAX = 1.6 / 1.22;
const P50_MS_MAX = 2.5;
const P99_ABOVE_RELAY_MS_MAX = 5;
const MEMORY_MB_MAX = 90;

const { values } = parseArgs({
  options: {
    rooms: { type: 'string', default: '2400' },
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '10' },
    json: { type: 'string' },
  },
});
const load = {
  rooms: Number(values.rooms),
  players: PLAYERS,
  rate: Number(values.rooms) * MESSAGES_PER_ROOM,
  bodyBytes: BODY_BYTES,
  warmUpMs: WARM_UP_MS,
  measureMs: Number(values.seconds) * 1_000,
};

const folder = await mkdtemp(join(tmpdir(), 'escapement-bench-'));
try {
  const disk = await syncTimes(folder);
  const relay: Sample[] = [];
  const ours: Sample[] = [];
  for (let run = 1; run <= Number(values.runs); run++) {
    console.error(`run ${run} of ${values.runs}`);
    relay.push(await measure(bunRelay, load, folder));
    ours.push(await measure(escapement, load, folder));
  }
  const samples = { 'bare Bun relay': relay, Escapement: ours };
  printTable(samples, load, disk);
  const verdicts = promises(relay, ours);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, bun: Bun.version };
  if (values.json) {
    await Bun.write(values.json, JSON.stringify({ machine, disk, load, samples, verdicts }, null, 1));
  }
  process.exitCode = judge(verdicts) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function promises(relay: readonly Sample[], ours: readonly Sample[]): readonly Line[] {
  const of = (samples: readonly Sample[], figure: Figure): number =>
    median(samples.map((sample) => sample[figure]));
  const lost = ours.reduce((sum, sample) => sum + sample.faults + sample.missing, 0);
  return [
    {
      name: 'CPU against the bare Bun relay',
      unit: '×',
      value: of(ours, 'cpu') / of(relay, 'cpu'),
      max: CPU_AGAINST_BUN_MAX,
    },
    { name: 'p50 of a delivery', unit: 'ms', value: of(ours, 'p50'), max: P50_MS_MAX },
    {
      name: "p99 of a delivery above the relay's",
      unit: 'ms',
      value: of(ours, 'p99') - of(relay, 'p99'),
      max: P99_ABOVE_RELAY_MS_MAX,
    },
    { name: 'resident memory', unit: 'MB', value: of(ours, 'memoryMb'), max: MEMORY_MB_MAX },
    { name: 'deliveries missing, repeated or out of order', unit: '', value: lost, max: 0 },
  ];
}
