/**
 * `npm run simulate -- --runs 10000 --seed 1`: many runs on all cores, then the mutants. `--runs 1 --seed
 * 123 --trace` repeats one run and prints everything that happens. Exits with 1 if an invariant was broken,
 * a mutant was not detected, or something did not happen that this number of runs must not miss
 * (`coverage.ts`).
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Detection, detect } from './detection.ts';
import { missing, RARE, REQUIRED, requiredOf } from './coverage.ts';
import { KEPT_SEEDS } from './kept-seeds.ts';
import { MUTANTS } from './mutants/mutants.ts';
import { runSeed } from './run.ts';
import { prepareSeedData } from './seed-data.ts';

/** Runs between two messages of a worker. */
const BATCH = 20;
const FAILURES_MAX = 20;

type Task =
  | { readonly kind: 'runs'; readonly seeds: readonly number[] }
  | { readonly kind: 'mutants'; readonly indexes: readonly number[] };

type WorkerMessage =
  | {
      readonly kind: 'ran';
      readonly runs: number;
      readonly events: number;
      readonly counts: [string, number][];
    }
  | { readonly kind: 'failed'; readonly seed: number; readonly why: string }
  | { readonly kind: 'detected'; readonly detection: Detection };

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    worker: { type: 'string' },
  },
});

if (values.worker !== undefined)
  await work(JSON.parse(values.worker) as Task, (message) => process.send?.(message));
else if (values.trace) await trace(Number(values.seed));
else
  process.exitCode = await simulate(
    Number(values.runs),
    Number(values.seed),
    Math.max(1, Number(values.jobs)),
  );

async function trace(seed: number): Promise<void> {
  await prepareSeedData();
  const { events, hash } = runSeed(seed, {}, (line) => console.log(line));
  console.log(`seed ${seed}: ${events} events, hash ${hash}, no invariant broken`);
}

async function work(task: Task, send: (message: WorkerMessage) => void): Promise<void> {
  await prepareSeedData();
  if (task.kind === 'mutants') {
    for (const index of task.indexes) {
      const mutant = MUTANTS[index];
      if (mutant) send({ kind: 'detected', detection: detect(mutant) });
    }
    return;
  }
  for (let from = 0; from < task.seeds.length; from += BATCH)
    await runBatch(task.seeds.slice(from, from + BATCH), send);
}

async function runBatch(seeds: readonly number[], send: (message: WorkerMessage) => void): Promise<void> {
  const counts = new Map<string, number>();
  let events = 0;
  let current = 0;
  const unhandled = (error: unknown) =>
    send({ kind: 'failed', seed: current, why: `unhandled rejection: ${String(error)}` });
  process.on('unhandledRejection', unhandled);
  for (const seed of seeds) {
    current = seed;
    try {
      const report = runSeed(seed);
      events += report.events;
      for (const [name, count] of report.counts) counts.set(name, (counts.get(name) ?? 0) + count);
    } catch (error) {
      send({ kind: 'failed', seed, why: String(error) });
    }
    // Unhandled rejections are reported only now.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  process.off('unhandledRejection', unhandled);
  send({ kind: 'ran', runs: seeds.length, events, counts: [...counts] });
}

async function simulate(runs: number, first: number, jobs: number): Promise<number> {
  const began = performance.now();
  const seeds = [...new Set([...KEPT_SEEDS, ...Array.from({ length: runs }, (_, at) => first + at)])];
  const counts = new Map<string, number>();
  const failures: string[] = [];
  const detections: Detection[] = [];
  let done = 0;
  let events = 0;
  const receive = (message: WorkerMessage): void => {
    if (message.kind === 'detected') return void detections.push(message.detection);
    if (message.kind === 'failed') {
      failures.push(
        `seed ${message.seed}: ${message.why}\n  npm run simulate -- --runs 1 --seed ${message.seed} --trace`,
      );
      if (failures.length <= FAILURES_MAX) console.log(`\n${failures.at(-1)}`);
      return;
    }
    done += message.runs;
    events += message.events;
    for (const [name, count] of message.counts) counts.set(name, (counts.get(name) ?? 0) + count);
    progress(done, seeds.length, failures.length, performance.now() - began);
  };
  await share(jobs, (job) => ({ kind: 'runs', seeds: seeds.filter((_, at) => at % jobs === job) }), receive);
  await share(jobs, (job) => ({ kind: 'mutants', indexes: indexesOf(jobs, job) }), receive);
  const seconds = Math.round((performance.now() - began) / 1_000);
  printCounts(counts);
  const undetected = printDetections(detections);
  console.log(
    `\n${done} runs, ${events} events, ${failures.length} broken invariants, ${seconds} s on ${jobs} processes`,
  );
  if (done < seeds.length) console.log(`${seeds.length - done} runs are missing: a worker ended early`);
  const complete = missing(counts, requiredOf(runs)).length === 0;
  return failures.length === 0 && undetected === 0 && complete && done === seeds.length ? 0 : 1;
}

function indexesOf(jobs: number, job: number): number[] {
  return [...MUTANTS.keys()].filter((at) => at % jobs === job);
}

async function share(
  jobs: number,
  taskOf: (job: number) => Task,
  receive: (message: WorkerMessage) => void,
): Promise<void> {
  const workers = Array.from({ length: jobs }, (_, job) =>
    Bun.spawn({
      cmd: [process.execPath, import.meta.path, '--worker', JSON.stringify(taskOf(job))],
      stdout: 'inherit',
      stderr: 'inherit',
      ipc: (message: WorkerMessage) => receive(message),
    }),
  );
  await Promise.all(workers.map(({ exited }) => exited));
}

function progress(done: number, all: number, failed: number, ms: number): void {
  const left = Math.round(((ms / done) * (all - done)) / 1_000);
  const line = `${done} of ${all} runs, ${failed} broken invariants, ${Math.round(ms / 1_000)} s, about ${left} s to go`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}   `);
  else if (done === all || done % 1_000 < BATCH) console.log(line);
}

/** How often each thing happened. */
function printCounts(counts: ReadonlyMap<string, number>): void {
  console.log('\n\nhow often it happened:');
  for (const name of [...REQUIRED, ...RARE])
    console.log(`${String(counts.get(name) ?? 0).padStart(10)}  ${name}`);
  const absent = missing(counts, [...REQUIRED, ...RARE]);
  if (absent.length > 0) console.log(`never happened: ${absent.join(', ')}`);
}

/** Returns how many mutants were not detected. */
function printDetections(detections: readonly Detection[]): number {
  console.log('\nmutants, and after how many seeds each was detected:');
  for (const { name } of MUTANTS) {
    const found = detections.find((each) => each.name === name);
    console.log(
      `${String(found?.seeds ?? 'NOT DETECTED').padStart(10)}  ${name}: ${found?.what ?? 'not run'}`,
    );
  }
  return MUTANTS.length - detections.filter(({ seeds }) => seeds !== null).length;
}
