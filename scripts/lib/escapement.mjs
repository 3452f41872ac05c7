// Runs the program under the pinned Bun with the same terminal and exit code, and passes signals on. Restarts it when
// it exits with RESTART_CODE.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { BUN, ROOT, installDependencies, nodeTooOld } from './deps.mjs';

/** Exit code for "an engine failed; the next start recovers" (src/errors.ts). */
const RESTART_CODE = 3;
/** After this many restarts within the window it is not restarted again: the operator has to act. */
const RESTARTS_MAX = 5;
const RESTART_WINDOW_MS = 10 * 60_000;
const RESTART_WAIT_MS = 1_000;

/**
 * @param {readonly string[]} args
 */
export function runEscapement(args) {
  const tooOld = nodeTooOld();
  if (tooOld) return fail(tooOld);
  // On stderr, so that the output of `escapement config` can be piped.
  if (!installDependencies((line) => console.error(line), { tools: false })) return process.exit(1);
  run(args, []);
}

/**
 * @param {readonly string[]} args
 * @param {readonly number[]} restarts times of earlier restarts, ms since 1970
 */
function run(args, restarts) {
  const child = spawn(BUN, [join(ROOT, 'src', 'main.ts'), ...args], { stdio: 'inherit' });
  // The program may get Ctrl-C three times: from the terminal, from npm and from here. It counts signals within a
  // short time as one.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      if (!child.kill(signal)) process.exit(128 + constants.signals[signal]);
    });
  }
  child.on('error', (error) => fail(`Bun did not start: ${error.message}`));
  child.on('exit', (code, signal) => {
    const recent = restarts.filter((at) => at > Date.now() - RESTART_WINDOW_MS);
    if (code === RESTART_CODE && recent.length < RESTARTS_MAX) {
      setTimeout(() => run(args, [...recent, Date.now()]), RESTART_WAIT_MS);
      return;
    }
    process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1));
  });
}

/** @param {string} sentence */
function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
