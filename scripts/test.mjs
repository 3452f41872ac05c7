// `npm test`: installs what it needs, runs every step even after one has failed, and ends with the line
// `N passed, N failed, N skipped`. `npm test -- unit types` runs only these steps. `--full` (`npm run test:full`,
// `npm run faults`) repeats fault tests often. `--no-install` installs no system packages.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, release, totalmem, type } from 'node:os';
import { relative } from 'node:path';
import { BUN, ROOT, installDependencies, nodeTooOld } from './lib/deps.mjs';
import { killSteps, runStep, testFiles, testLines } from './lib/run-step.mjs';
import { STEPS, stepsOf } from './lib/steps.mjs';
import { PARTS, canInstall, findPart, howToGet, installParts } from './lib/system.mjs';

/** @typedef {import('./lib/steps.mjs').Step} Step */
/** @typedef {import('./lib/steps.mjs').Form} Form */

/** Lines of a failed step's output that are shown; its file has all of them. */
const SHOWN_LINES_MAX = 400;
const NAME_WIDTH = 15;
const FULL = '--full';
const NO_INSTALL = '--no-install';
/** Steps and tests that cannot run because something is missing count as failed. */
const STRICT = process.env['CI'] === 'true';

const say = (/** @type {string} */ line) => console.log(line);
const totals = { passed: 0, failed: 0, skipped: 0 };

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => {
    killSteps();
    process.exit(130);
  });
}

process.exit(await main(process.argv.slice(2)));

/** @param {readonly string[]} args */
async function main(args) {
  const started = Date.now();
  const form = args.includes(FULL) ? 'full' : 'short';
  const names = args.filter((arg) => arg !== FULL && arg !== NO_INSTALL);
  const unknown = names.find((name) => !STEPS.some((step) => step.name === name));
  if (unknown !== undefined) {
    console.error(
      `There is no step "${unknown}"; the steps are ${STEPS.map(({ name }) => name).join(', ')}.`,
    );
    return 2;
  }
  const mayInstall =
    canInstall() && !args.includes(NO_INSTALL) && process.env['ESCAPEMENT_TEST_NO_INSTALL'] !== '1';
  if (mayInstall) {
    say(
      'npm test installs missing system packages with apt-get as root; --no-install or ESCAPEMENT_TEST_NO_INSTALL=1 switches that off.',
    );
  }
  const tooOld = nodeTooOld();
  if (tooOld) console.error(tooOld);
  if (tooOld || !installDependencies(say, { tools: true })) return 1;
  const steps = stepsOf(names, form);
  const parts = [...new Set(steps.flatMap(({ needs, uses }) => [...(needs ?? []), ...(uses ?? [])]))];
  if (mayInstall) {
    installParts(
      parts.map((part) => PARTS[part]),
      say,
    );
  }
  printFacts();
  const early = steps.filter((step) => step.early).map((step) => ({ step, running: begin(step, form) }));
  for (const step of steps.filter(({ early: before }) => !before))
    await report(step, begin(step, form), form);
  for (const { step, running } of early) await report(step, running, form);
  say(`\n${Math.round((Date.now() - started) / 1000)} s in all`);
  say(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

/**
 * Starts the step. Returns null if it cannot run here or has no tests.
 * @param {Step} step
 * @param {Form} form
 */
function begin(step, form) {
  if (step.tests && testFiles(step).length === 0) return null;
  if (missingParts(step).length > 0) return null;
  const began = Date.now();
  return runStep(step, form).then((outcome) => ({ ...outcome, ms: Date.now() - began }));
}

/** @param {Step} step */
function missingParts(step) {
  return (step.needs ?? []).map((part) => PARTS[part]).filter((part) => findPart(part) === null);
}

/**
 * @param {Step} step
 * @param {ReturnType<typeof begin>} running
 * @param {Form} form
 */
async function report(step, running, form) {
  process.stdout.write(step.name.padEnd(NAME_WIDTH));
  if (step.tests && testFiles(step).length === 0) return say('no tests');
  const outcome = await running;
  if (outcome === null) return skip(missingParts(step));
  const unwanted = STRICT ? outcome.skipped : 0;
  totals.passed += outcome.passed;
  totals.failed += outcome.failed + unwanted;
  totals.skipped += outcome.skipped - unwanted;
  const failed = outcome.failed + unwanted > 0;
  const counts = step.check
    ? ''
    : `, ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`;
  const note = outcome.note === '' ? '' : `, ${outcome.note}`;
  say(`${failed ? 'FAILED' : 'ok'} after ${(outcome.ms / 1000).toFixed(1)} s${counts}${note}`);
  if (unwanted > 0) say('  With CI=true a test that is skipped counts as failed.');
  // Steps that take minutes list each test.
  if (form === 'full' && step.fullSeconds !== undefined) showTests(outcome.output);
  // The names of skipped tests say what is missing.
  else if (outcome.skipped > 0) showTests(outcome.output, '(skip)');
  if (failed) showOutput(outcome.output);
}

/**
 * @param {string} file
 * @param {string} kind how their lines begin
 */
function showTests(file, kind = '') {
  const lines = testLines(readFileSync(file, 'utf8'));
  for (const line of lines.filter((each) => each.startsWith(kind))) say(`  ${line}`);
}

/** @param {readonly import('./lib/system.mjs').Part[]} missing */
function skip(missing) {
  const why = missing.map((part) => `${part.name} is missing (${howToGet(part)})`).join(', ');
  totals[STRICT ? 'failed' : 'skipped'] += 1;
  say(`${STRICT ? 'FAILED' : 'skipped'}: ${why}`);
}

/** @param {string} file */
function showOutput(file) {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const left = lines.length - SHOWN_LINES_MAX;
  if (left > 0) say(`  (the first ${left} lines are in ${relative(ROOT, file)})`);
  say(
    lines
      .slice(-SHOWN_LINES_MAX)
      .map((line) => `  ${line}`)
      .join('\n'),
  );
}

/** Prints the facts about the machine that help to understand a failure. */
function printFacts() {
  const version = (/** @type {string | null} */ program) => {
    if (program === null) return 'none';
    const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    return /\d+(\.\d+)+/.exec(stdout ?? '')?.[0] ?? 'unknown';
  };
  const memory = Math.round(totalmem() / 2 ** 30);
  say(
    `${type()} ${release()}, ${availableParallelism()} cores, ${memory} GB, user ${process.getuid?.() ?? '-'}${STRICT ? ', CI' : ''}`,
  );
  const programs = Object.values(PARTS).map((part) => `${part.name} ${version(findPart(part))}`);
  say(`Node ${process.versions.node}, Bun ${version(BUN)}, ${programs.join(', ')}\n`);
}
