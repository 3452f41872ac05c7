/** The program as a user starts it, in a process and a data folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ServerOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** What links are built from; empty = the address listened on. */
  readonly url: string;
  readonly dataDir: string;
  readonly env?: { readonly [name: string]: string };
  readonly flags?: readonly string[];
}

export interface ServerProcess {
  readonly port: number;
  /** As printed at start: the pages that need the operator's key carry it. */
  readonly addresses: {
    readonly shop: string;
    readonly admin: string;
    readonly outbox: string;
    readonly status: string;
  };
  readonly output: () => string;
  /** SIGKILL: nothing is finished, nothing is said. */
  kill(): Promise<void>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number>;
}

export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const child = Bun.spawn(
    [process.execPath, 'src/main.ts', 'start', '--port', String(options.port), ...(options.flags ?? [])],
    {
      env: {
        ...process.env,
        ESCAPEMENT_DATA_DIR: options.dataDir,
        ESCAPEMENT_URL: options.url,
        ...options.env,
      },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  );
  const output = { text: '' };
  void collect(child.stderr, output, () => {});
  const { listen, addresses } = await bannerOf(child, output);
  return {
    port: Number(new URL(listen).port),
    addresses,
    output: () => output.text,
    async kill() {
      child.kill('SIGKILL');
      await child.exited;
    },
    async stop() {
      child.kill('SIGTERM');
      return child.exited;
    },
  };
}

/** A folder under the system's temporary one; `remove` takes it away. */
export async function temporaryFolder(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `escapement-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

type Addresses = ServerProcess['addresses'];
type Child = Bun.Subprocess<'ignore', 'pipe', 'pipe'>;

async function collect(
  stream: ReadableStream<Uint8Array>,
  output: { text: string },
  look: () => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    output.text += decoder.decode(bytes, { stream: true });
    look();
  }
}

/** Waits for what `start` prints when everything runs; an early end tells what was printed instead. */
function bannerOf(child: Child, output: { text: string }): Promise<{ listen: string; addresses: Addresses }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ listen: string; addresses: Addresses }>();
  void collect(child.stdout, output, () => {
    const address = (label: string): string =>
      new RegExp(`^ +${label} +(http\\S+)$`, 'm').exec(output.text)?.[1] ?? '';
    const listen = /listens on (http\S+)/.exec(output.text)?.[1];
    if (listen === undefined || !output.text.includes('Ctrl-C stops.')) return;
    resolve({
      listen,
      addresses: {
        shop: address('Shop'),
        admin: address('Admin'),
        outbox: address('Mail outbox'),
        status: address('Status'),
      },
    });
  });
  void child.exited.then((code) => reject(new Error(`the server ended with ${code}:\n${output.text}`)));
  return promise;
}
