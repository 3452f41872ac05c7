// The steps of `npm test` and `npm run test:full`, in order: commands, time limits, and system packages they need.
// Every test file must belong to exactly one step (test/tidy/rules/test-in-a-step.ts).

/** @typedef {import('./system.mjs').PartName} PartName */
/** @typedef {'short' | 'full'} Form how many rounds fault tests run (test/support/short-or-full.ts) */
/**
 * @typedef {object} Step
 * @property {string} name
 * @property {number} seconds the timeout
 * @property {number} [fullSeconds] the timeout in the full form, if it differs
 * @property {boolean} [onlyFull] not part of the short form
 * @property {readonly string[]} [check] a command of node_modules/.bin; counts as one test
 * @property {boolean} [early] started at once, beside the other steps, and reported at the end: it mostly waits
 * @property {readonly string[]} [tests] files and folders for `bun test`; each test counts
 * @property {readonly PartName[]} [needs] the step is skipped without these
 * @property {readonly PartName[]} [uses] some of its tests are skipped without these
 */

/** @type {readonly Step[]} */
export const STEPS = [
  { name: 'format', seconds: 60, check: ['oxfmt', '--check'] },
  { name: 'lint', seconds: 120, check: ['oxlint'] },
  { name: 'types', seconds: 120, check: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'types-games', seconds: 120, check: ['tsc', '--noEmit', '-p', 'games'] },
  { name: 'knip', seconds: 120, check: ['knip', '--no-progress', '--treat-config-hints-as-errors'] },
  { name: 'mails', seconds: 60, check: ['bun', 'scripts/build-mails.ts', '--check'] },
  { name: 'tidy', seconds: 60, tests: ['test/tidy.test.ts', 'test/day-one.test.ts'] },
  {
    name: 'unit',
    seconds: 240,
    tests: ['src', 'sdk', 'games', 'scripts', 'bench', 'test/support'],
    uses: ['postgres', 'gcc', 'zlib'],
  },
  { name: 'simulation', seconds: 180, tests: ['test/simulation'] },
  {
    name: 'simulate',
    seconds: 1_500,
    onlyFull: true,
    check: ['bun', 'test/simulation/simulate.ts', '--runs', '10000', '--seed', '1'],
  },
  {
    name: 'faults',
    seconds: 480,
    fullSeconds: 1_500,
    tests: ['test/faults'],
    uses: ['postgres', 'xfs', 'nbdkit', 'nbdfuse', 'gcc'],
  },
  { name: 'second-client', seconds: 120, tests: ['test/second-client'], needs: ['python'] },
  { name: 'slow', seconds: 240, fullSeconds: 420, early: true, tests: ['test/slow/faults'] },
  { name: 'slow-browser', seconds: 480, early: true, tests: ['test/slow/browser'], needs: ['chromium'] },
  { name: 'browser', seconds: 420, tests: ['test/e2e'], needs: ['chromium', 'firefox'] },
];

/**
 * Returns the named steps in order; without names, all steps of the form.
 * @param {readonly string[]} names
 * @param {Form} form
 */
export function stepsOf(names, form) {
  if (names.length > 0) return STEPS.filter(({ name }) => names.includes(name));
  return STEPS.filter(({ onlyFull }) => form === 'full' || !onlyFull);
}
