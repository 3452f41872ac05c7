/** Starts the program for a line: pinned to the server's core, with the line's own data folder. */
import { processTree, findLine, spawnPinned, SERVER_CORE } from '../lib/process.ts';

const PORTS_FROM = 21_000;
const PORTS_TO = 30_000;

export interface LineServerOptions {
  readonly dataDir: string;
  /** Empty = all. */
  readonly services: readonly string[];
  /** Game processes, on the ports after the main process's; 0 = none. */
  readonly processes?: number;
  /** To start it again where the players expect it; default: free ports. */
  readonly port?: number;
  readonly env?: { readonly [name: string]: string };
}

export interface LineServer {
  readonly pid: number;
  readonly port: number;
  /** Sends SIGKILL to it and all its descendants; resolves when all have ended. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when it has printed where it listens. */
export async function startLineServer(options: LineServerOptions): Promise<LineServer> {
  const { dataDir, services, processes = 0, env = {} } = options;
  // Game processes need the ports after the main one. Without them, 0 takes any free port.
  const wanted = options.port ?? (processes === 0 ? 0 : freePorts(1 + processes));
  const flags = ['--port', String(wanted), '--data-dir', dataDir];
  if (processes > 0) flags.push('--game-processes', String(processes));
  const child = spawnPinned(SERVER_CORE, [process.execPath, 'src/main.ts', 'start', ...services, ...flags], {
    ESCAPEMENT_SOCKETS_PER_ADDRESS: '1000000',
    ...env,
  });
  const port = await findLine(child.stdout, (line) => /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1] ?? null);
  return {
    pid: child.pid,
    port: Number(port),
    async kill() {
      const pids = processTree(child.pid);
      for (const pid of pids) sendSignal(pid, 'SIGKILL');
      await child.exited;
      while (pids.some((pid) => sendSignal(pid, 0))) await Bun.sleep(1);
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

/** Returns false if there is no such process. 0 only checks that. */
export function sendSignal(pid: number, signal: 'SIGINT' | 'SIGKILL' | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The first of `count` consecutive free ports, below those that the system assigns. */
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
