/**
 * Lines: from `git clone` until the program has printed its addresses at most 60 s, at the second start at most
 * 2 s.
 *
 * The commit of this checkout is cloned into a new folder on the disk that is measured. There, `npm start` on a
 * free port installs the dependencies, makes the data folder and the releases, and starts all services. It is
 * ready when it has printed its addresses. Then it is stopped as by Ctrl-C, and started again with the same
 * command. On all cores, as for a user.
 *
 * Included: the start of npm, with its cache as it is on this machine. Not included: the network transfer of
 * the clone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { processTree, findLine } from '../lib/process.ts';
import { runStandalone, type MeasureLines, log } from './standalone.ts';
import { sendSignal } from './line-server.ts';

const ROOT = join(import.meta.dir, '../..');
const FIRST_MS_MAX = 60_000;
const SECOND_MS_MAX = 2_000;
/** A start that takes longer is killed. */
const READY_MS_MAX = 300_000;
const STOPPED_MS_MAX = 30_000;
const POLL_MS = 20;
const READY = 'Ctrl-C stops.';

export const startLines: MeasureLines = async ({ folder }) => {
  const parent = await mkdtemp(join(folder, 'start-'));
  const clone = join(parent, 'escapement');
  try {
    const began = performance.now();
    const cloning = Bun.spawn(['git', 'clone', '--quiet', ROOT, clone], { stdout: 'ignore' });
    if ((await cloning.exited) !== 0) throw new Error(`git could not clone ${ROOT}`);
    const cloned = performance.now() - began;
    const first = cloned + (await start(clone));
    log(`first start ready after ${first.toFixed(0)} ms, including ${cloned.toFixed(0)} ms for the clone`);
    const second = await start(clone);
    return [
      { name: 'git clone → ready', unit: 'ms', value: first, max: FIRST_MS_MAX },
      { name: 'second start → ready', unit: 'ms', value: second, max: SECOND_MS_MAX },
    ];
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
};

/** Starts and stops the program. Returns the time until it was ready, ms. */
async function start(clone: string): Promise<number> {
  const began = performance.now();
  const child = Bun.spawn(['npm', 'start', '--', '--port', '0'], {
    cwd: clone,
    env: userEnvironment(),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const tooLate = setTimeout(() => void stop(child, 'SIGKILL'), READY_MS_MAX);
  try {
    await findLine(child.stdout, (line) => (line.includes(READY) ? line : null));
    return performance.now() - began;
  } finally {
    clearTimeout(tooLate);
    await stop(child, 'SIGINT');
  }
}

/** The environment without the variables of the npm that runs this, and without settings of the program. */
function userEnvironment(): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm|ESCAPEMENT)_/.test(name)));
}

/** Sends the signal to npm and all its descendants, as a terminal does; resolves when all have ended. */
async function stop(child: Bun.Subprocess, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  const pids = child.exitCode === null ? processTree(child.pid) : [];
  for (const pid of pids) sendSignal(pid, signal);
  for (let waited = 0; pids.some((pid) => sendSignal(pid, 0)); waited += POLL_MS) {
    if (waited > STOPPED_MS_MAX) for (const pid of pids) sendSignal(pid, 'SIGKILL');
    await Bun.sleep(POLL_MS);
  }
}

if (import.meta.main) await runStandalone(startLines);
