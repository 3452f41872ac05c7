/** A program with several game processes, as a test sees it from outside: which process is which. */
import { readdirSync, readFileSync } from 'node:fs';
import { type ServerProcess, startServer } from '../../e2e/support/server.ts';

/** Rooms enough for a test: a visitor may not open many free ones. */
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

/** Slot → pid of the processes that this one started. */
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

/** Resolves when none of them is there any more. */
export async function allGone(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => isThere(pid))) await Bun.sleep(20);
}

function isThere(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(fileOf(pid, 'status'))?.[1];
  // A zombie holds nothing any more.
  return state !== undefined && state !== 'Z';
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(fileOf(pid, 'status'))?.[1] ?? 0);
}

/** Empty when the process is gone. */
function fileOf(pid: number, name: 'status' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
