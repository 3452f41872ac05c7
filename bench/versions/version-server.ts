/**
 * Starts a version of the program as its users do: in its own folder, by its own command line. None of its
 * modules are imported, so its internals may differ.
 */
import { findLine, spawnPinned, SERVER_CORE } from '../lib/process.ts';

export interface Version {
  readonly name: string;
  readonly folder: string;
}

export interface VersionServer {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** Resolves when it listens. Its standard error is written to `<dataDir>.log`. */
export async function startVersion(
  { name, folder }: Version,
  services: readonly string[],
  dataDir: string,
): Promise<VersionServer> {
  const flags = ['--port', '0', '--data-dir', dataDir];
  const command = ['node', 'scripts/escapement.mjs', 'start', ...services, ...flags];
  // All visitors and players connect from one address.
  const env = {
    ESCAPEMENT_SOCKETS_PER_ADDRESS: '1000000',
    ESCAPEMENT_FREE_ROOMS_PER_HOUR: '1000000',
    // Other limits per address apply to the address in X-Forwarded-For.
    ESCAPEMENT_TRUST_PROXY: '1',
  };
  const log = `${dataDir}.log`;
  const child = spawnPinned(SERVER_CORE, command, env, { cwd: folder, log });
  const found = findLine(child.stdout, (line) => /http:\/\/[^\s:]+:(\d+)/.exec(line)?.[1] ?? null);
  const port = await found.catch(async () => {
    const code = await child.exited;
    throw new Error(`${name} did not start, exit code ${code}: ${await Bun.file(log).text()}`);
  });
  return {
    pid: child.pid,
    port: Number(port),
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}
