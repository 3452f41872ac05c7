/** Runs seed after seed with a planted bug until the oracle sees it. */
import type { PlantedBug } from './plants.ts';
import { Violation } from './oracle.ts';
import { runSeed } from './run.ts';

/** After so many seeds a planted bug counts as not seen. */
export const SEEDS_MAX = 120;

export interface Caught {
  readonly name: string;
  /** How many seeds it took; null = it was not seen. */
  readonly seeds: number | null;
  /** The violation, or why it does not count. */
  readonly what: string;
}

export function hunt({ name, plant, rule }: PlantedBug): Caught {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    try {
      runSeed(seed, plant);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      const what = error.message;
      if (rule.test(what)) return { name, seeds: seed, what };
      return { name, seeds: null, what: `seen as something else, seed ${seed}: ${what}` };
    }
  }
  return { name, seeds: null, what: `not seen in ${SEEDS_MAX} seeds` };
}
