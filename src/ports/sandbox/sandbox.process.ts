/**
 * The sandbox as a child process: endless loops and native crashes do not affect this process. Input and
 * output are files in a private folder, because the end of a pipe's data can be lost when a process is
 * killed. It protects against bugs, not against malicious code.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Timers } from '../../lib/world.ts';
import type { Sandbox, SandboxOutcome, SandboxTask } from './sandbox.ts';

/** Interval of the memory check. */
const MEMORY_CHECK_MS = 250;
const ERROR_CHARS_MAX = 2_000;
/** A lower scheduling priority than the rooms, which players wait for. */
const NICE = 10;

export function processSandbox(timers: Timers): Sandbox {
  return {
    async run(task) {
      const folder = await mkdtemp(join(tmpdir(), 'escapement-sandbox-'));
      try {
        return await runIn(folder, task, timers);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function runIn(folder: string, task: SandboxTask, timers: Timers): Promise<SandboxOutcome> {
  const inputs = task.inputs.map(({ name }) => join(folder, name));
  for (const [index, { content }] of task.inputs.entries()) await writeFile(inputs[index] as string, content);
  const output = join(folder, 'output');
  const failure = await runProgram(task, [...inputs, output], timers);
  if (failure !== null) return { ok: false, why: failure };
  const bytes = await readFile(output).catch(() => null);
  return bytes ? { ok: true, output: new Uint8Array(bytes) } : { ok: false, why: 'it left no output' };
}

/** Returns why the program failed; null = it succeeded. */
async function runProgram(
  task: SandboxTask,
  args: readonly string[],
  timers: Timers,
): Promise<string | null> {
  const child = Bun.spawn([process.execPath, '--smol', task.program, ...args], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    // The environment contains keys and the database's address: it is not passed on.
    env: { PATH: process.env['PATH'] ?? '' },
  });
  lowerPriority(child.pid);
  const ended: { why: string | null } = { why: null };
  const end = (why: string): void => {
    ended.why ??= why;
    child.kill('SIGKILL');
  };
  const cancelDeadline = timers.after(task.timeMsMax, () => end(`took longer than ${task.timeMsMax} ms`));
  const stopWatching = watchMemory(child.pid, task.memoryBytesMax, timers, end);
  const [code, errors] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  cancelDeadline();
  stopWatching();
  if (ended.why !== null) return ended.why;
  return code === 0 ? null : errors.slice(-ERROR_CHARS_MAX) || `exit code ${code}`;
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICE);
  } catch {
    // The process has ended already, or the system has no priorities.
  }
}

function watchMemory(pid: number, bytesMax: number, timers: Timers, end: (why: string) => void): () => void {
  let stopped = false;
  let cancel = (): void => {};
  const check = async (): Promise<void> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    if (stopped) return;
    if (kilobytes * 1024 > bytesMax) return end(`used more than ${bytesMax} bytes of memory`);
    cancel = timers.after(MEMORY_CHECK_MS, () => void check());
  };
  cancel = timers.after(MEMORY_CHECK_MS, () => void check());
  return () => {
    stopped = true;
    cancel();
  };
}
