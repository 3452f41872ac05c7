/**
 * `npm run simulate -- --runs 10000 --seed 1`: many evenings on all cores, then the planted bugs.
 * `--runs 1 --seed 123 --trace` repeats one and prints all that happens. Ends with 1 if a rule was
 * broken, a planted bug was not seen, or something never struck that so many runs must not miss (`coverage.ts`).
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Caught, hunt } from './detection.ts';
import { missing, RARE, REQUIRED, requiredOf } from './coverage.ts';
import { KEPT_SEEDS } from './kept-seeds.ts';
import { PLANTED } from './mutants/mutants.ts';
import { runSeed } from './run.ts';
import { prepareStage } from './seed-data.ts';

/** Runs between two reports of a worker. */
const BATCH = 20;
const FAILURES_MAX = 20;

type Task =
  | { readonly kind: 'runs'; readonly seeds: readonly number[] }
  | { readonly kind: 'plants'; readonly places: readonly number[] };

type News =
  | {
      readonly kind: 'ran';
      readonly runs: number;
      readonly events: number;
      readonly marks: [string, number][];
    }
  | { readonly kind: 'failed'; readonly seed: number; readonly why: string }
  | { readonly kind: 'caught'; readonly caught: Caught };

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
  await work(JSON.parse(values.worker) as Task, (news) => process.send?.(news));
else if (values.trace) await trace(Number(values.seed));
else
  process.exitCode = await simulate(
    Number(values.runs),
    Number(values.seed),
    Math.max(1, Number(values.jobs)),
  );

async function trace(seed: number): Promise<void> {
  await prepareStage();
  const { events, hash } = runSeed(seed, {}, (line) => console.log(line));
  console.log(`seed ${seed}: ${events} events, hash ${hash}, no rule broken`);
}

async function work(task: Task, tell: (news: News) => void): Promise<void> {
  await prepareStage();
  if (task.kind === 'plants') {
    for (const place of task.places) {
      const bug = PLANTED[place];
      if (bug) tell({ kind: 'caught', caught: hunt(bug) });
    }
    return;
  }
  for (let from = 0; from < task.seeds.length; from += BATCH)
    await runBatch(task.seeds.slice(from, from + BATCH), tell);
}

async function runBatch(seeds: readonly number[], tell: (news: News) => void): Promise<void> {
  const marks = new Map<string, number>();
  let events = 0;
  let present = 0;
  const leftAlone = (error: unknown) =>
    tell({ kind: 'failed', seed: present, why: `left alone: ${String(error)}` });
  process.on('unhandledRejection', leftAlone);
  for (const seed of seeds) {
    present = seed;
    try {
      const report = runSeed(seed);
      events += report.events;
      for (const [name, count] of report.marks) marks.set(name, (marks.get(name) ?? 0) + count);
    } catch (error) {
      tell({ kind: 'failed', seed, why: String(error) });
    }
    // Promises that failed and that nobody looks at are told of only now.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  process.off('unhandledRejection', leftAlone);
  tell({ kind: 'ran', runs: seeds.length, events, marks: [...marks] });
}

async function simulate(runs: number, first: number, jobs: number): Promise<number> {
  const began = performance.now();
  const seeds = [...new Set([...KEPT_SEEDS, ...Array.from({ length: runs }, (_, at) => first + at)])];
  const marks = new Map<string, number>();
  const failures: string[] = [];
  const caught: Caught[] = [];
  let done = 0;
  let events = 0;
  const hear = (news: News): void => {
    if (news.kind === 'caught') return void caught.push(news.caught);
    if (news.kind === 'failed') {
      failures.push(
        `seed ${news.seed}: ${news.why}\n  npm run simulate -- --runs 1 --seed ${news.seed} --trace`,
      );
      if (failures.length <= FAILURES_MAX) console.log(`\n${failures.at(-1)}`);
      return;
    }
    done += news.runs;
    events += news.events;
    for (const [name, count] of news.marks) marks.set(name, (marks.get(name) ?? 0) + count);
    progress(done, seeds.length, failures.length, performance.now() - began);
  };
  await share(jobs, (job) => ({ kind: 'runs', seeds: seeds.filter((_, at) => at % jobs === job) }), hear);
  await share(jobs, (job) => ({ kind: 'plants', places: places(jobs, job) }), hear);
  const seconds = Math.round((performance.now() - began) / 1_000);
  tellMarks(marks);
  const unseen = tellPlants(caught);
  console.log(
    `\n${done} runs, ${events} events, ${failures.length} broken rules, ${seconds} s on ${jobs} processes`,
  );
  if (done < seeds.length) console.log(`${seeds.length - done} runs were not played: a worker ended early`);
  const complete = missing(marks, requiredOf(runs)).length === 0;
  return failures.length === 0 && unseen === 0 && complete && done === seeds.length ? 0 : 1;
}

function places(jobs: number, job: number): number[] {
  return [...PLANTED.keys()].filter((at) => at % jobs === job);
}

async function share(jobs: number, taskOf: (job: number) => Task, hear: (news: News) => void): Promise<void> {
  const workers = Array.from({ length: jobs }, (_, job) =>
    Bun.spawn({
      cmd: [process.execPath, import.meta.path, '--worker', JSON.stringify(taskOf(job))],
      stdout: 'inherit',
      stderr: 'inherit',
      ipc: (news: News) => hear(news),
    }),
  );
  await Promise.all(workers.map(({ exited }) => exited));
}

function progress(done: number, all: number, failed: number, ms: number): void {
  const left = Math.round(((ms / done) * (all - done)) / 1_000);
  const line = `${done} of ${all} runs, ${failed} broken rules, ${Math.round(ms / 1_000)} s, about ${left} s to go`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}   `);
  else if (done === all || done % 1_000 < BATCH) console.log(line);
}

/** How often each thing struck. */
function tellMarks(marks: ReadonlyMap<string, number>): void {
  console.log('\n\nhow often it struck:');
  for (const name of [...REQUIRED, ...RARE])
    console.log(`${String(marks.get(name) ?? 0).padStart(10)}  ${name}`);
  const absent = missing(marks, [...REQUIRED, ...RARE]);
  if (absent.length > 0) console.log(`never struck: ${absent.join(', ')}`);
}

/** Answers how many planted bugs were not seen. */
function tellPlants(caught: readonly Caught[]): number {
  console.log('\nplanted bugs, and after how many seeds each was seen:');
  for (const { name } of PLANTED) {
    const found = caught.find((each) => each.name === name);
    console.log(
      `${String(found?.seeds ?? 'NOT SEEN').padStart(10)}  ${name}: ${found?.what ?? 'not looked for'}`,
    );
  }
  return PLANTED.length - caught.filter(({ seeds }) => seeds !== null).length;
}
