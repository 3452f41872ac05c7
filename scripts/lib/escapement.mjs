// Runs the program itself under the pinned Bun, as if it were this process: same terminal, signals
// passed on, same exit code.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { BUN, ROOT, installDependencies, nodeTooOld } from './deps.mjs';

/** The program's word for "an engine failed: start me again, and I recover" (src/errors.ts). */
const START_AGAIN = 3;
/** More than this many failures within the time are no accident: then the operator has to look. */
const RESTARTS_MAX = 5;
const RESTARTS_MS = 10 * 60_000;
const RESTART_WAIT_MS = 1_000;

/**
 * @param {readonly string[]} args
 */
export function runEscapement(args) {
  const tooOld = nodeTooOld();
  if (tooOld) return fail(tooOld);
  // To stderr, so that the output of `escapement config` can be piped.
  if (!installDependencies((line) => console.error(line), { tools: false })) return process.exit(1);
  run(args, []);
}

/**
 * @param {readonly string[]} args
 * @param {readonly number[]} restarts when the program was started again
 */
function run(args, restarts) {
  const child = spawn(BUN, [join(ROOT, 'src', 'main.ts'), ...args], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us, and npm passes it on once more: the program treats
  // signals that arrive together as one.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      if (!child.kill(signal)) process.exit(128 + constants.signals[signal]);
    });
  }
  child.on('error', (error) => fail(`Bun did not start: ${error.message}`));
  child.on('exit', (code, signal) => {
    const recent = restarts.filter((at) => at > Date.now() - RESTARTS_MS);
    if (code === START_AGAIN && recent.length < RESTARTS_MAX) {
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
