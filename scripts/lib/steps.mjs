// The steps of `npm test`, in order: what runs, how long it may take, what it needs of the machine.
// Every test file must belong to exactly one step (test/tidy/rules/test-in-a-step.ts).

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {number} seconds the time-out
 * @property {readonly string[]} [check] a command of node_modules/.bin; counts as one test
 * @property {boolean} [early] begun at once and reported at the end: it mostly waits
 * @property {readonly string[]} [tests] files and folders for `bun test`, each test counts
 * @property {readonly ('chromium' | 'firefox' | 'postgres')[]} [needs] without these the step cannot run
 * @property {readonly ('chromium' | 'firefox' | 'postgres')[]} [uses] without these some of its tests skip themselves
 */

/** @type {readonly Step[]} */
export const STEPS = [
  { name: 'format', seconds: 60, check: ['oxfmt', '--check'] },
  { name: 'lint', seconds: 120, check: ['oxlint'] },
  { name: 'types', seconds: 120, check: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'types-games', seconds: 120, check: ['tsc', '--noEmit', '-p', 'games'] },
  { name: 'knip', seconds: 120, check: ['knip', '--no-progress', '--treat-config-hints-as-errors'] },
  { name: 'mails', seconds: 60, check: ['bun', 'scripts/build-mails.ts', '--check'] },
  { name: 'tidy', seconds: 60, tests: ['test/tidy.test.ts'] },
  {
    name: 'unit',
    seconds: 240,
    tests: ['src', 'sdk', 'games', 'scripts', 'bench', 'test/support'],
    uses: ['postgres'],
  },
  { name: 'simulation', seconds: 180, tests: ['test/simulation'] },
  { name: 'faults', seconds: 240, tests: ['test/faults'], uses: ['postgres'] },
  { name: 'patience', seconds: 480, early: true, tests: ['test/patience'], needs: ['chromium'] },
  { name: 'browser', seconds: 420, tests: ['test/e2e'], needs: ['chromium', 'firefox'] },
];
