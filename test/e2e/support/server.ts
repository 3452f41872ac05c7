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
  /** Options, and the names of services to be started; none = all. */
  readonly flags?: readonly string[];
  /** Put before the program: a command that sets a limit, for example, and becomes the program. */
  readonly before?: readonly string[];
  /** A script that runs in the process before the program. */
  readonly preload?: string;
}

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** As printed at start: the pages that need the operator's key carry it. */
  readonly addresses: {
    readonly shop: string;
    readonly admin: string;
    readonly outbox: string;
    readonly status: string;
  };
  readonly output: () => string;
  /** The exit code, however it ends. */
  readonly exited: Promise<number>;
  /** SIGKILL: nothing is finished, nothing is said. */
  kill(): Promise<void>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number>;
}

/** A process that may not serve yet: it can be killed while it starts. */
export interface StartingServer {
  /** Rejects when the process ends before it serves. */
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
