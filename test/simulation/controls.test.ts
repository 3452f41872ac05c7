/** Shows that the simulation detects what is wrong: each mutant, by the invariant that it breaks. */
import { expect, test } from 'bun:test';
import { detect } from './detection.ts';
import { type Mutant, MUTANTS } from './mutants/mutants.ts';
import { prepareSeedData } from './seed-data.ts';

const LIMIT_MS = 120_000;

await prepareSeedData();

function detectedBy({ invariants, exclusive }: Mutant): string {
  return `${exclusive ? 'nothing but ' : ''}${invariants.join(' or ')}`;
}

for (const mutant of MUTANTS) {
  test(
    `detected by ${detectedBy(mutant)}: ${mutant.name}`,
    () => {
      const { seeds, what } = detect(mutant);
      expect(seeds, what).not.toBeNull();
    },
    LIMIT_MS,
  );
}

test('each invariant has a mutant that is detected by it and by no other', () => {
  const certain = new Set(MUTANTS.flatMap(({ invariants }) => (invariants.length === 1 ? invariants : [])));
  for (const invariant of ['I1', 'I2', 'I3', 'I4', 'I5', 'I10', 'liveness'] as const)
    expect(certain).toContain(invariant);
});

test('I4, I5 and I10 have mutants that nothing else would detect', () => {
  const detected = new Set(MUTANTS.flatMap(({ invariants, exclusive }) => (exclusive ? invariants : [])));
  for (const invariant of ['I4', 'I5', 'I10'] as const) expect(detected).toContain(invariant);
});

test('a mutant that only makes pages wait is detected by nothing but liveness', () => {
  const waits = MUTANTS.find(({ invariants }) => invariants.includes('liveness'));
  expect(waits).toBeDefined();
  const others = ['I1', 'I2', 'I3', 'I4', 'I5', 'I10'] as const;
  expect(detect({ ...(waits as Mutant), invariants: others }, 3).seeds).toBeNull();
});

test('a mutant that another check also detects is not exclusive', () => {
  const detectedTwice = MUTANTS.find(({ name }) => name === 'a byte of a chunk is changed');
  expect(detect({ ...(detectedTwice as Mutant), exclusive: true }).what).toStartWith('not by I10 alone');
});
