/** Every test file is run by exactly one step of `npm test`. */
import { STEPS } from '../../../scripts/lib/steps.mjs';
import type { Rule } from '../rule.ts';

export const testInAStep: Rule = {
  name: 'test-in-a-step',
  check: ({ code }) =>
    code
      .filter(({ path }) => /\.(test|spec)\.(tsx?|mjs)$|_test\.tsx?$/.test(path))
      .flatMap(({ path }) => {
        const steps = STEPS.filter(({ tests }) =>
          tests?.some((place) => path === place || path.startsWith(`${place}/`)),
        );
        const runs = steps.length === 1 && /\.test\.tsx?$/.test(path);
        if (runs) return [];
        return [
          {
            path,
            line: null,
            message: `is run by ${steps.length} steps of npm test: name it x.test.ts and put it under a folder of scripts/lib/steps.mjs`,
          },
        ];
      }),
};
