/**
 * The simulation is worth something only if it sees what is wrong: each planted bug must be found, as
 * the rule that it breaks.
 */
import { expect, test } from 'bun:test';
import { hunt } from './detection.ts';
import { PLANTED, type PlantedBug } from './mutants/mutants.ts';
import { prepareStage } from './seed-data.ts';

const LIMIT_MS = 120_000;

await prepareStage();

function by({ by: rules, alone }: PlantedBug): string {
  return `${alone ? 'nothing but ' : ''}rule ${rules.join(' or ')}`;
}

for (const bug of PLANTED) {
  test(
    `caught by ${by(bug)}: ${bug.name}`,
    () => {
      const { seeds, what } = hunt(bug);
      expect(seeds, what).not.toBeNull();
    },
    LIMIT_MS,
  );
}

test('each rule has a planted bug that is caught by it and by no other', () => {
  const sure = new Set(PLANTED.flatMap(({ by: rules }) => (rules.length === 1 ? rules : [])));
  for (const rule of [1, 2, 3, 4, 5, 10, 'liveness'] as const) expect(sure).toContain(rule);
});

test('rules 4, 5 and 10 have planted bugs that nothing else would see', () => {
  const alone = new Set(PLANTED.flatMap(({ by: rules, alone: only }) => (only ? rules : [])));
  for (const rule of [4, 5, 10] as const) expect(alone).toContain(rule);
});

test('a bug that only makes somebody wait counts as caught by nothing but liveness', () => {
  const waits = PLANTED.find(({ by: rules }) => rules.includes('liveness'));
  expect(waits).toBeDefined();
  expect(hunt({ ...(waits as PlantedBug), by: [1, 2, 3, 4, 5, 10] }, 3).seeds).toBeNull();
});

test('a planted bug that another check sees, too, is not caught by one alone', () => {
  const seenTwice = PLANTED.find(({ name }) => name === 'a byte of a chunk is changed');
  expect(hunt({ ...(seenTwice as PlantedBug), alone: true }).what).toStartWith('not by rule 10 alone');
});
