// Runs the program itself under the pinned Bun, as if it were this process: same terminal, signals
// passed on, same exit code.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { BUN, ROOT, installDependencies, nodeTooOld } from './deps.mjs';

/**
 * @param {readonly string[]} args
 */
export function runEscapement(args) {
  const tooOld = nodeTooOld();
  if (tooOld) return fail(tooOld);
  // To stderr, so that the output of `escapement config` can be piped.
  if (!installDependencies((line) => console.error(line), { tools: false })) return process.exit(1);
  const child = spawn(BUN, [join(ROOT, 'src', 'main.ts'), ...args], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us, and npm passes it on once more: the program treats
  // signals that arrive together as one.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => fail(`Bun did not start: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1));
  });
}

/** @param {string} sentence */
function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
