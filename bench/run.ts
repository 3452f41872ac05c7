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
import { measure, type Sample } from './lib/measure.ts';
import { bunRelay, escapement } from './lib/peers.ts';
import { printTable } from './lib/table.ts';

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
  const verdicts = judge(relay, ours);
  for (const { line, reached } of verdicts)
    console.log(`${reached ? 'reached    ' : 'not reached'}  ${line}`);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, bun: Bun.version };
  if (values.json) {
    await Bun.write(values.json, JSON.stringify({ machine, disk, load, samples, verdicts }, null, 1));
  }
  process.exitCode = verdicts.every(({ reached }) => reached) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function judge(relay: readonly Sample[], ours: readonly Sample[]): { line: string; reached: boolean }[] {
  const median = (samples: readonly Sample[], figure: keyof Sample): number =>
    samples.map((sample) => sample[figure]).sort((a, b) => a - b)[Math.floor(samples.length / 2)] as number;
  const cpu = median(ours, 'cpu') / median(relay, 'cpu');
  const above = median(ours, 'p99') - median(relay, 'p99');
  const p50 = median(ours, 'p50');
  const memory = median(ours, 'memoryMb');
  const faults = ours.reduce((sum, sample) => sum + sample.faults + sample.missing, 0);
  return [
    {
      line: `CPU ${cpu.toFixed(2)} × the bare Bun relay, at most ${CPU_AGAINST_BUN_MAX.toFixed(2)}`,
      reached: cpu <= CPU_AGAINST_BUN_MAX,
    },
    { line: `p50 ${p50.toFixed(2)} ms, at most ${P50_MS_MAX}`, reached: p50 <= P50_MS_MAX },
    {
      line: `p99 ${above.toFixed(2)} ms above the relay's, at most ${P99_ABOVE_RELAY_MS_MAX}`,
      reached: above <= P99_ABOVE_RELAY_MS_MAX,
    },
    { line: `${memory.toFixed(0)} MB resident, at most ${MEMORY_MB_MAX}`, reached: memory <= MEMORY_MB_MAX },
    { line: `${faults} deliveries missing, repeated or out of order, at most 0`, reached: faults === 0 },
  ];
}
