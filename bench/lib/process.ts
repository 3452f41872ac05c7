/** Starts processes pinned to a core, and reads what they cost from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** The server runs on one core, the load on the other. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Clock ticks per second in /proc/<pid>/stat: 100 on every Linux that Bun runs on. */
const TICKS = 100;

/** CPU seconds, user and system, of the process with its threads (utime and stime in proc_pid_stat(5)). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may contain spaces, the fields after it do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Resident memory, MB (2^20 bytes). */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

interface PinnedOptions {
  /** The working directory of this process if not given. */
  readonly cwd?: string;
  /** A file that gets the standard error instead of the terminal. */
  readonly log?: string;
}

/** Runs a program pinned to one core. `env` is added to the environment of this process. */
export function spawnPinned(
  core: number,
  command: readonly string[],
  env: { readonly [name: string]: string } = {},
  { cwd = process.cwd(), log }: PinnedOptions = {},
) {
  return Bun.spawn(['taskset', '-c', String(core), ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdout: 'pipe',
    stderr: log === undefined ? 'inherit' : Bun.file(log),
  });
}

/** The ids of the process and of all its descendants. Throws if one of them ends meanwhile. */
export function processTree(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  const children = readdirSync(tasks).flatMap((task) =>
    readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    yield* lines;
  }
}

/** Resolves with the first result of `find` that is not null; rejects if the output ends before. */
export async function findLine<T>(
  stream: ReadableStream<Uint8Array>,
  find: (line: string) => T | null,
): Promise<T> {
  for await (const line of linesOf(stream)) {
    const found = find(line);
    if (found !== null) return found;
  }
  throw new Error('the output of a program ended without the expected line');
}

/** A port that is free at the moment. Nothing else in the benchmarks takes ports meanwhile. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
