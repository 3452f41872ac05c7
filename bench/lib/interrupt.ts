/** Cleans up when a benchmark is interrupted: no process and no folder is left. */
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { processTree } from './process.ts';

/** Time for killed processes to end, so that they do not write into the folder while it is removed. */
const KILLED_MS = 100;
const ATTEMPTS = 20;

/** On SIGINT, SIGTERM or SIGHUP: kills all descendants of this process, removes `folder`, exits with 128 + signal. */
export function removeWhenInterrupted(folder: string): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      killChildren();
      Bun.sleepSync(KILLED_MS);
      rmSync(folder, { recursive: true, force: true });
      process.exit(128 + constants.signals[name]);
    });
  }
}

/** They get Ctrl-C, too, so they may end by themselves while they are listed: then list again. */
function killChildren(): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      for (const pid of processTree(process.pid).slice(1)) process.kill(pid, 'SIGKILL');
      return;
    } catch {
      // One of them has ended meanwhile.
    }
  }
}
