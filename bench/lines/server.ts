/** The program as these lines start it: pinned to the server's core, on a data folder of theirs. */
import { family, lineOf, pinned } from '../lib/process.ts';

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
  /** SIGKILL to it and to everything that it started. */
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
    [process.execPath, 'src/main.ts', 'start', ...services, '--data-dir', dataDir, ...flags],
    { PORT: '0', ESCAPEMENT_SOCKETS_PER_ADDRESS: '1000000', ...env },
  );
  const port = await lineOf(child.stdout, (line) => /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1] ?? null);
  return {
    pid: child.pid,
    port: Number(port),
    async kill() {
      for (const pid of family(child.pid)) process.kill(pid, 'SIGKILL');
      await child.exited;
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}
