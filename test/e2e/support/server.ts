/** Starts the program as a user does, in a process and a data folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ServerOptions {
  /** 0 = a free port. */
  readonly port: number;
  /** Base address of links; empty = the address listened on. */
  readonly url: string;
  readonly dataDir: string;
  readonly env?: { readonly [name: string]: string };
  /** Options, and the names of services to start; none = all. */
  readonly flags?: readonly string[];
  /** Precedes the command: for example one that sets a limit and then executes the program. */
  readonly before?: readonly string[];
  /** A script that runs in the process before the program. */
  readonly preload?: string;
}

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** As printed at the start; pages that need the operator's key contain it. */
  readonly addresses: {
    readonly shop: string;
    readonly admin: string;
    readonly outbox: string;
    readonly status: string;
  };
  readonly output: () => string;
  /** The exit code, however it ends. */
  readonly exited: Promise<number>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; returns the exit code. */
  stop(): Promise<number>;
}

/** A process that may not be ready yet: it can be killed while it starts. */
export interface StartingServer {
  /** Rejects when the process ends before it is ready. */
  readonly ready: Promise<ServerProcess>;
  kill(): Promise<void>;
}

export function startServer(options: ServerOptions): Promise<ServerProcess> {
  return beginServer(options).ready;
}

export function beginServer(options: ServerOptions): StartingServer {
  const { before = [], preload, flags = [] } = options;
  const program = [process.execPath, ...(preload === undefined ? [] : ['--preload', preload]), 'src/main.ts'];
  const child = Bun.spawn([...before, ...program, 'start', '--port', String(options.port), ...flags], {
    env: {
      ...process.env,
      ESCAPEMENT_DATA_DIR: options.dataDir,
      ESCAPEMENT_URL: options.url,
      ...options.env,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const output = { text: '' };
  void collect(child.stderr, output, () => {});
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child.exited;
  };
  const ready = bannerOf(child, output).then(({ listen, addresses }) => ({
    pid: child.pid,
    port: Number(new URL(listen).port),
    addresses,
    output: () => output.text,
    exited: child.exited,
    kill,
    async stop() {
      child.kill('SIGTERM');
      return child.exited;
    },
  }));
  return { ready, kill };
}

/** A new folder in the system's temporary one; `remove` deletes it. */
export async function temporaryFolder(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `escapement-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

type Addresses = ServerProcess['addresses'];
type Child = Bun.Subprocess<'ignore', 'pipe', 'pipe'>;

async function collect(
  stream: ReadableStream<Uint8Array>,
  output: { text: string },
  onText: () => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    output.text += decoder.decode(bytes, { stream: true });
    onText();
  }
}

/** Waits for the addresses that `start` prints; rejects with the output when the process ends before that. */
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
