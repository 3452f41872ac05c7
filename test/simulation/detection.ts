/** Runs seed after seed with a planted bug until the oracle sees it. */
import type { PlantedBug } from './mutants/mutants.ts';
import { runSeed } from './run.ts';
import { type Rule, Violation } from './violation.ts';

/** After so many seeds a planted bug counts as not seen. */
const SEEDS_MAX = 120;
/** So many evenings must pass when the one rule that sees a bug is not heard. */
const ALONE_SEEDS = 20;

export interface Caught {
  readonly name: string;
  /** How many seeds it took; null = it was not seen as it must be. */
  readonly seeds: number | null;
  /** The violation, or why it does not count. */
  readonly what: string;
}

export function hunt(bug: PlantedBug, seedsMax = SEEDS_MAX): Caught {
  const { name, by, says, alone } = bug;
  for (let seed = 1; seed <= seedsMax; seed++) {
    const seen = violationOf(bug, seed, null);
    // Many a bug makes somebody wait for ever in the end. That says nothing of what is wrong.
    if (seen === null || (seen.rule === 'liveness' && !by.includes('liveness'))) continue;
    const what = seen.message;
    if (!by.includes(seen.rule) || says?.test(what) === false)
      return { name, seeds: null, what: `seen as something else, seed ${seed}: ${what}` };
    const other = alone ? seenOtherwise(bug, seed) : null;
    return { name, seeds: other === null ? seed : null, what: other ?? what };
  }
  return { name, seeds: null, what: `not seen in ${seedsMax} seeds` };
}

function seenOtherwise(bug: PlantedBug, from: number): string | null {
  const [rule] = bug.by;
  for (let seed = from; seed < from + ALONE_SEEDS; seed++) {
    const other = violationOf(bug, seed, rule ?? null);
    if (other !== null) return `not by rule ${rule} alone, seed ${seed}: ${other.message}`;
  }
  return null;
}

function violationOf({ plant }: PlantedBug, seed: number, deafTo: Rule | null): Violation | null {
  try {
    runSeed(seed, plant(), null, deafTo);
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}
