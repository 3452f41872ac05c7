/**
 * Lines: from `git clone` to a program that says where it listens in 60 s, and at the second start in 2 s.
 *
 * This checkout, as it is committed, is cloned into a fresh folder on the disk that is measured; there
 * `npm start` on a free port installs what running needs, makes data folder and releases, and starts
 * all services. Ready is when it has printed its addresses. Then it is stopped as by Ctrl-C, and started
 * once more with the same command. On all cores, as a user has it.
 *
 * In it: npm's own start, and its cache as it is on this machine, which it usually fills. Not in it:
 * the clone's way over a network, which depends on that.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { family, lineOf } from '../lib/process.ts';
import { alone, type LinesOf, say } from './alone.ts';
import { signal } from './server.ts';

const ROOT = join(import.meta.dir, '../..');
const FIRST_MS_MAX = 60_000;
const SECOND_MS_MAX = 2_000;
/** Nobody waits longer. */
const READY_MS_MAX = 300_000;
const STOPPED_MS_MAX = 30_000;
const LOOK_MS = 20;
const READY = 'Ctrl-C stops.';

export const startLines: LinesOf = async ({ folder }) => {
  const parent = await mkdtemp(join(folder, 'start-'));
  const clone = join(parent, 'escapement');
  try {
    const began = performance.now();
    const cloning = Bun.spawn(['git', 'clone', '--quiet', ROOT, clone], { stdout: 'ignore' });
    if ((await cloning.exited) !== 0) throw new Error(`git could not clone ${ROOT}`);
    const cloned = performance.now() - began;
    const first = cloned + (await start(clone));
    say(`first start ready after ${first.toFixed(0)} ms, the clone's ${cloned.toFixed(0)} included`);
    const second = await start(clone);
    return [
      { name: 'git clone → ready', unit: 'ms', value: first, max: FIRST_MS_MAX },
      { name: 'second start → ready', unit: 'ms', value: second, max: SECOND_MS_MAX },
    ];
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
};

/** Starts and stops; answers how long it took until it was ready, ms. */
async function start(clone: string): Promise<number> {
  const began = performance.now();
  const child = Bun.spawn(['npm', 'start', '--', '--port', '0'], {
    cwd: clone,
    env: ofAUser(),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const tooLate = setTimeout(() => void stop(child, 'SIGKILL'), READY_MS_MAX);
  try {
    await lineOf(child.stdout, (line) => (line.includes(READY) ? line : null));
    return performance.now() - began;
  } finally {
    clearTimeout(tooLate);
    await stop(child, 'SIGINT');
  }
}

/** What a shell has: nothing of the npm that runs this, nor settings of a program under test. */
function ofAUser(): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm|ESCAPEMENT)_/.test(name)));
}

/** To npm and all it started, as a terminal does; resolves when none of them is left. */
async function stop(child: Bun.Subprocess, how: 'SIGINT' | 'SIGKILL'): Promise<void> {
  const pids = child.exitCode === null ? family(child.pid) : [];
  for (const pid of pids) signal(pid, how);
  for (let waited = 0; pids.some((pid) => signal(pid, 0)); waited += LOOK_MS) {
    if (waited > STOPPED_MS_MAX) for (const pid of pids) signal(pid, 'SIGKILL');
    await Bun.sleep(LOOK_MS);
  }
}

if (import.meta.main) await alone(startLines);
