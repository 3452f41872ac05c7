/** What a process costs, as Linux counts it. */
import { readdirSync, readFileSync } from 'node:fs';

/** The server has one core, the load the other. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Clock ticks per second of /proc/<pid>/stat: 100 on every Linux that Bun runs on. */
const TICKS = 100;

/** Seconds of CPU, user and system, of the process and all its threads. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name may hold spaces; the fields behind it do not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Resident memory, MB (2^20 bytes). */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

/** Runs a program pinned to one core. `env` is added to the environment of this process. */
export function pinned(
  core: number,
  command: readonly string[],
  env: { readonly [name: string]: string } = {},
  cwd = process.cwd(),
) {
  return Bun.spawn(['taskset', '-c', String(core), ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdout: 'pipe',
    stderr: 'inherit',
  });
}

/** The process and everything it started, directly or not. */
export function family(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  const children = readdirSync(tasks).flatMap((task) =>
    readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(family)];
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

/** Resolves with the first line that `find` takes; rejects when the output ends before. */
export async function lineOf<T>(
  stream: ReadableStream<Uint8Array>,
  find: (line: string) => T | null,
): Promise<T> {
  for await (const line of linesOf(stream)) {
    const found = find(line);
    if (found !== null) return found;
  }
  throw new Error('the program ended without saying that it is ready');
}

/** Free at this moment, and nobody else here is looking for one. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
