/** The short form of `npm run simulate`: some seeds, all that once failed, and what must strike in them. */
import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { EVENTS_MIN } from './actions.ts';
import { missing } from './coverage.ts';
import { KEPT, KEPT_SEEDS } from './kept-seeds.ts';
import { type RunReport, runSeed } from './run.ts';
import { prepareStage } from './seed-data.ts';

const SEEDS = 200;
const LIMIT_MS = 10 * 60_000;

await prepareStage();

function runOrTell(seed: number): RunReport {
  try {
    return runSeed(seed);
  } catch (error) {
    const again = `npm run simulate -- --runs 1 --seed ${seed} --trace`;
    throw new Error(`seed ${seed}: ${String(error)}\nagain: ${again}`, { cause: error });
  }
}

test(
  `${SEEDS} evenings: nothing seen is lost, repeated or reordered, and all pages end in the log’s state`,
  () => {
    const marks = new Map<string, number>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = runOrTell(seed);
      expect(report.events).toBeGreaterThanOrEqual(EVENTS_MIN);
      expect(report.strikes).toBeGreaterThan(0);
      for (const [name, count] of report.marks) marks.set(name, (marks.get(name) ?? 0) + count);
    }
    expect(missing(marks)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'seeds that once failed pass',
  () => {
    for (const seed of KEPT_SEEDS) runOrTell(seed);
  },
  LIMIT_MS,
);

for (const { seeds, file, test: name } of KEPT) {
  test(`what failed with ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')} is kept out by a unit test`, async () => {
    expect(await Bun.file(join(import.meta.dir, '../..', file)).text()).toContain(`test('${name}'`);
  });
}

test('the same seed gives the same evening, event by event', () => {
  for (const seed of [1, 2, 3]) expect(runOrTell(seed)).toEqual(runOrTell(seed));
});
