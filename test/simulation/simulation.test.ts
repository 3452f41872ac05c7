/** The short form of `npm run simulate`: some seeds, all that failed before, and what must happen in them. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { EVENTS_MIN } from './actions.ts';
import { missing } from './coverage.ts';
import { KEPT, KEPT_SEEDS } from './kept-seeds.ts';
import { type RunReport, runSeed } from './run.ts';
import { prepareSeedData } from './seed-data.ts';

const SEEDS = 200;
const LIMIT_MS = 10 * 60_000;

await prepareSeedData();

function runOrExplain(seed: number): RunReport {
  try {
    return runSeed(seed);
  } catch (error) {
    const repeat = `npm run simulate -- --runs 1 --seed ${seed} --trace`;
    throw new Error(`seed ${seed}: ${String(error)}\nrepeat: ${repeat}`, { cause: error });
  }
}

test(
  `${SEEDS} runs: nothing seen is lost, repeated or reordered, and all pages end in the log’s state`,
  () => {
    const counts = new Map<string, number>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = runOrExplain(seed);
      expect(report.events).toBeGreaterThanOrEqual(EVENTS_MIN);
      expect(report.faultCount).toBeGreaterThan(0);
      for (const [name, count] of report.counts) counts.set(name, (counts.get(name) ?? 0) + count);
    }
    expect(missing(counts)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'seeds that failed before pass',
  () => {
    for (const seed of KEPT_SEEDS) runOrExplain(seed);
  },
  LIMIT_MS,
);

for (const { seeds, file, test: name } of KEPT) {
  test(`what failed with ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')} has a unit test`, async () => {
    expect(await Bun.file(join(import.meta.dir, '../..', file)).text()).toContain(`test('${name}'`);
  });
}

test('the same seed gives the same run, event by event', () => {
  for (const seed of [1, 2, 3]) expect(runOrExplain(seed)).toEqual(runOrExplain(seed));
});
