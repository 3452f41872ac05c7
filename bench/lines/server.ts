/** The program as these lines start it: pinned to the server's core, on a data folder of theirs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpuSeconds, lineOf, pinned, residentMb } from '../lib/process.ts';

export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

export interface ServerPlan {
  readonly dataDir: string;
  /** None = all. */
  readonly services: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: { readonly [name: string]: string };
}

export interface LineServer {
  readonly pid: number;
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Of the process and all its children, so far. */
  cpuSeconds(): number;
  /** MB (2^20 bytes) of the process and all its children. */
  residentMb(): number;
  /** SIGKILL to all of them. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when it says where it listens. */
export async function startServer({
  dataDir,
  services,
  flags = [],
  env = {},
}: ServerPlan): Promise<LineServer> {
  const child = pinned(
    SERVER_CORE,
    [process.execPath, 'src/main.ts', 'start', ...services, '--port', '0', '--data-dir', dataDir, ...flags],
    { ESCAPEMENT_SOCKETS_PER_ADDRESS: '1000000', ...env },
  );
  const port = Number(await lineOf(child.stdout, (line) => /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1] ?? null));
  const { pid } = child;
  const sum = (of: (one: number) => number): number => family(pid).reduce((total, one) => total + of(one), 0);
  return {
    pid,
    port,
    url: `http://127.0.0.1:${port}`,
    cpuSeconds: () => sum(cpuSeconds),
    residentMb: () => sum(residentMb),
    async kill() {
      for (const one of family(pid)) process.kill(one, 'SIGKILL');
      await child.exited;
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

/** The process and what it started, and what that started; a process that is gone has none. */
function family(pid: number): readonly number[] {
  const children = threads(pid).flatMap((thread) => {
    const path = `/proc/${pid}/task/${thread}/children`;
    return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean) : [];
  });
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

function threads(pid: number): readonly string[] {
  return existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
}
