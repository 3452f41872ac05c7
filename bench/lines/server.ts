/** The program as these lines start it: pinned to the server's core, on a data folder of theirs. */
import { family, lineOf, pinned } from '../lib/process.ts';

export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const PORTS_FROM = 21_000;
const PORTS_TO = 30_000;

export interface ServerPlan {
  readonly dataDir: string;
  /** None = all. */
  readonly services: readonly string[];
  /** Game processes, on the ports after the main one's; 0 = none. */
  readonly processes?: number;
  /** As after a kill: where players look for it. */
  readonly port?: number;
  readonly env?: { readonly [name: string]: string };
}

export interface LineServer {
  readonly pid: number;
  readonly port: number;
  /** SIGKILL to it and to everything that it started; resolves when all of that is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when it says where it listens. */
export async function startServer(plan: ServerPlan): Promise<LineServer> {
  const { dataDir, services, processes = 0, env = {} } = plan;
  // Game processes take the ports after this one; without them any free one will do.
  const wanted = plan.port ?? (processes === 0 ? 0 : freePorts(1 + processes));
  const flags = ['--port', String(wanted), '--data-dir', dataDir];
  if (processes > 0) flags.push('--game-processes', String(processes));
  const child = pinned(SERVER_CORE, [process.execPath, 'src/main.ts', 'start', ...services, ...flags], {
    ESCAPEMENT_SOCKETS_PER_ADDRESS: '1000000',
    ...env,
  });
  const port = await lineOf(child.stdout, (line) => /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1] ?? null);
  return {
    pid: child.pid,
    port: Number(port),
    async kill() {
      const pids = family(child.pid);
      for (const pid of pids) signal(pid, 'SIGKILL');
      await child.exited;
      while (pids.some((pid) => signal(pid, 0))) await Bun.sleep(1);
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

/** False = there is no such process any more. */
export function signal(pid: number, what: 'SIGINT' | 'SIGKILL' | 0): boolean {
  try {
    return process.kill(pid, what);
  } catch {
    return false;
  }
}

/** The first of so many ports in a row that nobody listens on, below those the system hands out. */
function freePorts(count: number): number {
  for (let first = PORTS_FROM; first + count < PORTS_TO; first += count) {
    if (Array.from({ length: count }, (_, at) => first + at).every(isFree)) return first;
  }
  throw new Error('no ports are free');
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
