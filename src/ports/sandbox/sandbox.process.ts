/**
 * The sandbox as a child process: an endless loop or a native crash there ends there. Input and
 * output go through files of a private folder, because a pipe's end can be lost when a process is
 * killed. It keeps accidents away; it is no wall against code that means harm.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Timers } from '../../lib/world.ts';
import type { Sandbox, SandboxOutcome, SandboxTask } from './sandbox.ts';

/** How often memory is looked at where the system tells it (Linux). */
const LOOK_MS = 250;
const ERROR_CHARS_MAX = 2_000;
/** Nobody waits for it as players wait for each other: where cores are few, rooms go first. */
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

/** null = ended well. */
async function runProgram(
  task: SandboxTask,
  args: readonly string[],
  timers: Timers,
): Promise<string | null> {
  const child = Bun.spawn([process.execPath, '--smol', task.program, ...args], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    // No keys and no database address in there.
    env: { PATH: process.env['PATH'] ?? '' },
  });
  standBack(child.pid);
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

function standBack(pid: number): void {
  try {
    setPriority(pid, NICE);
  } catch {
    // It has ended already, or the system has no such thing: it runs like any other.
  }
}

function watchMemory(pid: number, bytesMax: number, timers: Timers, end: (why: string) => void): () => void {
  let stopped = false;
  let cancel = (): void => {};
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    if (stopped) return;
    if (kilobytes * 1024 > bytesMax) return end(`used more than ${bytesMax} bytes of memory`);
    cancel = timers.after(LOOK_MS, () => void look());
  };
  cancel = timers.after(LOOK_MS, () => void look());
  return () => {
    stopped = true;
    cancel();
  };
}
