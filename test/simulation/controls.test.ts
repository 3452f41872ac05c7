/**
 * The simulation is worth something only if it sees what is wrong: each planted bug must be found, as
 * the rule that it breaks.
 */
import { expect, test } from 'bun:test';
import { hunt } from './caught.ts';
import { PLANTED } from './plants.ts';
import { prepareStage } from './stage.ts';

const LIMIT_MS = 120_000;

await prepareStage();

for (const bug of PLANTED) {
  test(
    `caught: ${bug.name}`,
    () => {
      const { seeds, what } = hunt(bug);
      expect(what).toMatch(bug.rule);
      expect(seeds).not.toBeNull();
    },
    LIMIT_MS,
  );
}
