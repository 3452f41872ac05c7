/**
 * A child process with bounds: rules of games and native libraries run here, so that neither an
 * endless loop nor a crash there can touch the rooms. Input and output go through files of a
 * private folder, because a pipe's end can be lost when a process is killed.
 */
import type { Timers } from '../../lib/world.ts';

export interface ChildTask {
  /** The program: a file of this folder, run by the same runtime. */
  readonly script: string;
  readonly args: readonly string[];
  readonly timeMsMax: number;
  /** Resident memory; looked at four times a second where the system tells (Linux). */
  readonly memoryBytesMax: number;
}

export type ChildOutcome = { readonly ok: true } | { readonly ok: false; readonly why: string };

const LOOK_MS = 250;
const ERROR_BYTES_MAX = 2_000;

export async function runChild(task: ChildTask, timers: Timers): Promise<ChildOutcome> {
  const child = Bun.spawn([process.execPath, '--smol', task.script, ...task.args], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    // No keys and no database address in there.
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const ended: { why: string | null } = { why: null };
  const end = (why: string): void => {
    ended.why ??= why;
    child.kill('SIGKILL');
  };
  const cancelDeadline = timers.after(task.timeMsMax, () => end(`took longer than ${task.timeMsMax} ms`));
  const watch = watchMemory(child.pid, task.memoryBytesMax, timers, end);
  const [code, errors] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  cancelDeadline();
  watch.stop();
  if (ended.why !== null) return { ok: false, why: ended.why };
  return code === 0
    ? { ok: true }
    : { ok: false, why: errors.slice(-ERROR_BYTES_MAX) || `exit code ${code}` };
}

function watchMemory(
  pid: number,
  bytesMax: number,
  timers: Timers,
  end: (why: string) => void,
): { stop(): void } {
  let stopped = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const status = await Bun.file(`/proc/${pid}/status`)
      .text()
      .catch(() => '');
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    if (stopped) return;
    if (kilobytes * 1024 > bytesMax) return end(`used more than ${bytesMax} bytes of memory`);
    cancel = timers.after(LOOK_MS, () => void look());
  };
  cancel = timers.after(LOOK_MS, () => void look());
  return {
    stop() {
      stopped = true;
      cancel();
    },
  };
}
