/**
 * Seeded evenings with everything going wrong. A failing seed is printed; the same run again:
 * `SEED=123 bun test test/simulation`. `SEEDS=10000` runs more of them, from FIRST_SEED on.
 */
import { expect, test } from 'bun:test';
import { DOWN } from '../../sdk/protocol/down.ts';
import { RECORD_VERSION } from '../../sdk/protocol/record.ts';
import { type RunReport, runSeed } from './run.ts';

const SEED = process.env['SEED'];
const FIRST = Number(SEED ?? process.env['FIRST_SEED'] ?? 1);
const COUNT = SEED === undefined ? Number(process.env['SEEDS'] ?? 200) : 1;
const LIMIT_MS = 10 * 60_000;

async function runOrTell(seed: number): Promise<RunReport> {
  try {
    return await runSeed(seed);
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}\nagain: SEED=${seed} bun test test/simulation`, {
      cause: error,
    });
  }
}

test(
  `${COUNT} evenings: nothing seen is lost, repeated or reordered, and all pages end in the log’s state`,
  async () => {
    const frames = new Map<number, number>();
    let events = 0;
    let starts = 0;
    for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
      const report = await runOrTell(seed);
      events += report.events;
      starts += report.starts;
      for (const [type, count] of report.frames) frames.set(type, (frames.get(type) ?? 0) + count);
    }
    console.log(`simulation: ${COUNT} seeds, ${events} events, ${starts} server starts`);
    if (COUNT < 50) return;
    // Evenings on which nothing happens prove nothing.
    expect(events / COUNT).toBeGreaterThan(1_000);
    expect(starts / COUNT).toBeGreaterThan(5);
    const rare = new Set(['expect', 'refused', 'drain']);
    const common = DOWN.filter(({ name }) => !rare.has(name)).map(({ type }) => type);
    for (const type of [...common, RECORD_VERSION]) expect(frames.get(type) ?? 0).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

test('the same seed gives the same evening', async () => {
  const [one, two] = [await runOrTell(FIRST), await runOrTell(FIRST)];
  expect(two).toEqual(one);
});
