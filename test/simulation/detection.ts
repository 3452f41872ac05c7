/** Runs seed after seed with a mutant until the oracle detects it. */
import type { Mutant } from './mutants/mutants.ts';
import { runSeed } from './run.ts';
import { type Invariant, Violation } from './violation.ts';

/** A mutant that this many seeds do not show counts as not detected. */
const SEEDS_MAX = 120;
/** This many seeds must pass while the invariant of an exclusive mutant is ignored. */
const IGNORED_SEEDS = 20;

export interface Detection {
  readonly name: string;
  /** How many seeds it took; null = not detected as it must be. */
  readonly seeds: number | null;
  /** The violation, or why it does not count. */
  readonly what: string;
}

export function detect(mutant: Mutant, seedsMax = SEEDS_MAX): Detection {
  const { name, invariants, message, exclusive } = mutant;
  for (let seed = 1; seed <= seedsMax; seed++) {
    const violation = violationOf(mutant, seed, null);
    // Many mutants make a page wait for ever in the end, which does not say what is wrong.
    if (violation === null) continue;
    if (violation.invariant === 'liveness' && !invariants.includes('liveness')) continue;
    const what = violation.message;
    if (!invariants.includes(violation.invariant) || message?.test(what) === false)
      return { name, seeds: null, what: `detected as something else, seed ${seed}: ${what}` };
    const other = exclusive ? otherDetection(mutant, seed) : null;
    return { name, seeds: other === null ? seed : null, what: other ?? what };
  }
  return { name, seeds: null, what: `not detected in ${seedsMax} seeds` };
}

function otherDetection(mutant: Mutant, from: number): string | null {
  const [invariant] = mutant.invariants;
  for (let seed = from; seed < from + IGNORED_SEEDS; seed++) {
    const other = violationOf(mutant, seed, invariant ?? null);
    if (other !== null) return `not by ${invariant} alone, seed ${seed}: ${other.message}`;
  }
  return null;
}

function violationOf({ mutation }: Mutant, seed: number, ignored: Invariant | null): Violation | null {
  try {
    runSeed(seed, mutation(), null, ignored);
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
}
