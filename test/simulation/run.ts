/** One run: an evening of rooms, players and faults that a seed decides, and its end. */
import { chaos } from './actions.ts';
import { endEvening } from './scenario-end.ts';
import { Evening } from './scenario.ts';
import type { Plant } from './mutants/mutant.ts';
import type { Rule } from './violation.ts';

/** What a run was like, so that a quiet one shows. */
export interface RunReport {
  readonly seed: number;
  readonly events: number;
  /** How often a fault struck. */
  readonly strikes: number;
  /** Of all events in their order. */
  readonly hash: string;
  readonly moves: number;
  /** How often each named thing was seen. */
  readonly marks: ReadonlyMap<string, number>;
}

/**
 * Throws a Violation when a rule was broken. `prepareStage` was called before. Only one run is under
 * way at a time in a process, and nothing of it is left when this returns.
 */
export function runSeed(
  seed: number,
  plant: Plant = {},
  trace: ((line: string) => void) | null = null,
  deafTo: Rule | null = null,
): RunReport {
  const unpatch = plant.patch?.();
  const evening = new Evening(seed, plant, trace, deafTo);
  try {
    evening.begin();
    chaos(evening);
    endEvening(evening);
    const { events, strikes, hash, marks } = evening.scheduler;
    return { seed, events, strikes, hash, moves: evening.oracle.moves.size, marks };
  } finally {
    evening.close();
    unpatch?.();
  }
}
