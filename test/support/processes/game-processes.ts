/** A program with several game processes, seen from outside: which process serves which slot. */
import { readdirSync, readFileSync } from 'node:fs';
import { type ServerProcess, startServer } from '../../e2e/support/server.ts';

/** Enough free rooms for a test. */
const FLAGS = ['--free-rooms-per-hour', '1000'];

export function startWithProcesses(
  dataDir: string,
  count: number,
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  return startServer({
    port: 0,
    url: '',
    dataDir,
    flags: [...FLAGS, '--game-processes', String(count), ...flags],
  });
}

/** Slot → pid, for the child processes of `mainPid`. */
export function gameProcesses(mainPid: number): { readonly [slot: string]: number } {
  const found: { [slot: string]: number } = {};
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const pid = Number(name);
    if (parentOf(pid) !== mainPid) continue;
    const slot = /(?:^|\0)ESCAPEMENT_SLOT=(h\d+)/.exec(fileOf(pid, 'environ'))?.[1];
    if (slot !== undefined) found[slot] = pid;
  }
  return found;
}

/** Resolves when none of the processes exists. */
export async function allGone(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => exists(pid))) await Bun.sleep(20);
}

function exists(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(fileOf(pid, 'status'))?.[1];
  // A zombie holds no resources.
  return state !== undefined && state !== 'Z';
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(fileOf(pid, 'status'))?.[1] ?? 0);
}

/** Returns '' when the process has ended. */
function fileOf(pid: number, name: 'status' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
