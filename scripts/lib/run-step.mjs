// Runs one step of `npm test` in its own process group, with a timeout, and counts its tests.
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
 * @property {string} note why it failed, if the output does not say it
 * @property {string} output the file with the output
 */

const OUTPUT_DIR = join(ROOT, '.cache', 'test');
/** The timeout of tests that set none; on an idle machine every test takes far less. */
const TEST_MS_MAX = 30_000;
const TEST_FILE = /\.test\.tsx?$/;

/** @type {Set<() => void>} */
const running = new Set();

/** Kills the running steps and all processes that they started. */
export function killSteps() {
  for (const kill of running) kill();
}

/**
 * Returns the test files of a step; none for checks.
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
  // A crash, a timeout, an error between tests or an early exit of the process fails no test, but fails the step.
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
 * Parses the summary at the end of the output of `bun test`.
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
 * Returns the line of each test: outcome, name, duration.
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
    // A file and not a pipe: a process that is left running cannot keep this one waiting for the end of its output.
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
        // The group has ended already.
      }
    };
    running.add(kill);
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, msMax);
    const end = (/** @type {number | null} */ code, /** @type {string} */ note) => {
      clearTimeout(timer);
      // Processes that a test left running must not disturb the next step.
      kill();
      running.delete(kill);
      closeSync(file);
      resolve({ code, timedOut, note });
    };
    child.once('error', (error) => end(null, error.message));
    child.once('exit', (code, signal) => end(code, signal === null ? '' : `ended by ${signal}`));
  });
}

/**
 * Returns the environment of this process without the settings of the developer's installation.
 * @param {Form} form
 */
function testEnvironment(form) {
  const own = Object.entries(process.env).filter(
    ([name]) => name !== 'PORT' && !name.startsWith('ESCAPEMENT_'),
  );
  return { ...Object.fromEntries(own), FAULT_ROUNDS: form };
}
