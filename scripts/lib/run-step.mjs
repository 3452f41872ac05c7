// Runs one step of `npm test` as a process group of its own, with a time-out, and counts.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BUN, ROOT } from './deps.mjs';

/** @typedef {import('./steps.mjs').Step} Step */
/** @typedef {import('./steps.mjs').Form} Form */
/**
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string} note why it failed, where that is not in the output
 * @property {string} output the file it was kept in
 */

const OUTPUT_DIR = join(ROOT, '.cache', 'test');
/** For a test that names none of its own: far above what any takes on an idle machine. */
const TEST_MS_MAX = 30_000;
const TEST_FILE = /\.test\.tsx?$/;

/** @type {Set<() => void>} */
const underWay = new Set();

/** Kills the steps under way with everything they started. */
export function killSteps() {
  for (const kill of underWay) kill();
}

/**
 * Test files of a step; none for checks.
 * @param {Step} step
 */
export function testFiles(step) {
  return (step.tests ?? []).flatMap((path) => filesBelow(path)).filter((path) => TEST_FILE.test(path));
}

/** @returns {string[]} */
function filesBelow(/** @type {string} */ path) {
  const full = join(ROOT, path);
  if (!existsSync(full)) return [];
  if (statSync(full).isFile()) return [path];
  const names = readdirSync(full).filter((name) => name !== 'node_modules');
  return names.flatMap((name) => filesBelow(`${path}/${name}`));
}

/**
 * @param {Step} step
 * @param {Form} form
 * @returns {Promise<Outcome>}
 */
export async function runStep(step, form) {
  mkdirSync(OUTPUT_DIR, { recursive: true });
  const output = join(OUTPUT_DIR, `${step.name}.log`);
  const seconds = form === 'full' ? (step.fullSeconds ?? step.seconds) : step.seconds;
  const ended = await runGroup(commandOf(step), { output, msMax: seconds * 1000, form });
  const note = ended.timedOut ? `timed out after ${seconds} s` : ended.note;
  const good = ended.code === 0 && !ended.timedOut;
  if (step.check) return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0, note, output };
  const { files, ...counts } = countTests(readFileSync(output, 'utf8'));
  // A crash, a time-out, an error between tests, a process that ends itself: none fails a test, but
  // all fail the step.
  const whole = good && files === testFiles(step).length;
  return { ...counts, failed: whole ? counts.failed : Math.max(counts.failed, 1), note, output };
}

/**
 * @param {Step} step
 * @returns {[string, ...string[]]}
 */
function commandOf(step) {
  if (!step.check)
    return [BUN, 'test', `--timeout=${TEST_MS_MAX}`, ...testFiles(step).map((path) => `./${path}`)];
  const [tool = '', ...args] = step.check;
  return [join(ROOT, 'node_modules', '.bin', tool), ...args];
}

/**
 * Reads the summary that `bun test` ends with.
 * @param {string} text
 */
export function countTests(text) {
  const last = (/** @type {string} */ what) => {
    const found = [...text.matchAll(new RegExp(`^ *(\\d+) ${what}$`, 'gm'))].at(-1);
    return Number(found?.[1] ?? 0);
  };
  const files = Number(/^Ran \d+ tests? across (\d+) files?\./m.exec(text)?.[1] ?? 0);
  return { passed: last('pass'), failed: last('fail'), skipped: last('skip') + last('todo'), files };
}

/**
 * Each test's line: how it ended, its name, how long it took.
 * @param {string} text
 */
export function testLines(text) {
  return text.split('\n').filter((line) => /^\((pass|fail|skip|todo)\) /.test(line));
}

/**
 * @param {[string, ...string[]]} command
 * @param {{ output: string, msMax: number, form: Form }} how
 * @returns {Promise<{ code: number | null, timedOut: boolean, note: string }>}
 */
function runGroup([program, ...args], { output, msMax, form }) {
  return new Promise((resolve) => {
    // Straight into the file: nothing to drain, and nothing left running can hold it open for us.
    const file = openSync(output, 'w');
    const stdio = /** @type {const} */ (['ignore', file, file]);
    const child = spawn(program, args, {
      cwd: ROOT,
      env: testEnvironment(form),
      stdio: [...stdio],
      detached: true,
    });
    let timedOut = false;
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group is gone already.
      }
    };
    underWay.add(kill);
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, msMax);
    const end = (/** @type {number | null} */ code, /** @type {string} */ note) => {
      clearTimeout(timer);
      // What a test left running must not disturb the next step.
      kill();
      underWay.delete(kill);
      closeSync(file);
      resolve({ code, timedOut, note });
    };
    child.once('error', (error) => end(null, error.message));
    child.once('exit', (code, signal) => end(code, signal === null ? '' : `ended by ${signal}`));
  });
}

/**
 * Settings of the developer's own installation must not reach the tests.
 * @param {Form} form
 */
function testEnvironment(form) {
  const own = Object.entries(process.env).filter(
    ([name]) => name !== 'PORT' && !name.startsWith('ESCAPEMENT_'),
  );
  return { ...Object.fromEntries(own), FAULT_ROUNDS: form };
}
