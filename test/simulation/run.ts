/** One run: a scenario of rooms, players and faults that a seed decides, and its end. */
import { runActions } from './actions.ts';
import { endScenario } from './scenario-end.ts';
import { Scenario } from './scenario.ts';
import type { Mutation } from './mutants/mutant.ts';
import type { Invariant } from './violation.ts';

/** Numbers of a run, so that one in which little happened shows. */
export interface RunReport {
  readonly seed: number;
  readonly events: number;
  /** How often a fault took effect. */
  readonly faultCount: number;
  /** Hash of all events in their order. */
  readonly hash: string;
  readonly moves: number;
  /** How often each named thing happened. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * Throws a Violation when an invariant was broken. Call `prepareSeedData` before. A process runs one at a
 * time; afterwards nothing of it remains.
 */
export function runSeed(
  seed: number,
  mutation: Mutation = {},
  trace: ((line: string) => void) | null = null,
  ignored: Invariant | null = null,
): RunReport {
  const unpatch = mutation.patch?.();
  const scenario = new Scenario(seed, mutation, trace, ignored);
  try {
    scenario.start();
    runActions(scenario);
    endScenario(scenario);
    const { events, faultCount, hash, counts } = scenario.scheduler;
    return { seed, events, faultCount, hash, moves: scenario.oracle.moves.size, counts };
  } finally {
    scenario.close();
    unpatch?.();
  }
}
