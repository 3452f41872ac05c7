/**
 * Controls the Python client in this folder, which was written from docs/protocol.md alone: one command
 * per line of JSON on its stdin, one result per line of JSON on its stdout.
 */
import { join } from 'node:path';
import { linesOf } from '../support/processes/lines-of.ts';

export type LogLine = readonly [
  seq: number,
  kind: number,
  ms: number,
  seat: number,
  client: number,
  clientSeq: number,
  body: string,
];

/** The state of a page of the Python client. Ids and bytes are in hex. */
export interface PageState {
  readonly seq: number;
  readonly epoch: number;
  /** The first seq received over the current connection; 0 = none. */
  readonly firstSeq: number;
  readonly client: string;
  /** Number of messages not echoed, for each client it sends for. */
  readonly unsent: readonly number[];
  readonly isHeld: boolean;
  /** The names of the frames of the current connection, in order. */
  readonly seen: readonly string[];
  readonly refusals: readonly {
    readonly client: number;
    readonly clientSeq: number;
    readonly reason: number;
  }[];
  readonly welcome: {
    readonly version: number;
    readonly resumed: number;
    readonly epoch: number;
    readonly seq: number;
    readonly seat: number;
    readonly role: number;
    readonly clients: readonly { readonly number: number; readonly lastSeq: number }[];
  } | null;
  readonly presence: {
    readonly seats: readonly {
      readonly seat: number;
      readonly name: string;
      readonly colour: string;
      readonly online: number;
    }[];
    readonly observers: number;
  } | null;
  readonly expect: { readonly client: number; readonly next: number } | null;
  readonly heartbeat: { readonly token: number } | null;
  readonly drainMs: number;
  readonly code: number | null;
  readonly log: readonly LogLine[];
  /** [seat, value] of the last signals frame. */
  readonly signals: readonly (readonly [number, string])[];
}

export interface Joined {
  readonly ok: boolean;
  readonly socket: string;
  readonly ticket: string;
  /** Of a refusal. */
  readonly status?: number;
  readonly code?: string;
  readonly next?: string;
  readonly then?: string;
}

/** The response to a form, and the cookies the visitor has then. */
export interface FormResponse {
  readonly status: number;
  /** null = no redirect. */
  readonly location: string | null;
  readonly body: string;
  readonly cookies: { readonly [name: string]: string };
}

type Command = { readonly command: string; readonly [field: string]: unknown };
type Result = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

export class SecondClient {
  private readonly child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  private readonly lines: AsyncIterator<string>;

  private constructor(child: SecondClient['child']) {
    this.child = child;
    this.lines = linesOf(child.stdout);
  }

  static start(): SecondClient {
    // -B: Python writes no bytecode files beside the sources.
    const command = ['python3', '-B', join(import.meta.dir, 'main.py')];
    return new SecondClient(Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' }));
  }

  async stop(): Promise<void> {
    await this.child.stdin.end();
    await this.child.exited;
  }

  /** Sends a command and returns its result; throws the error of the Python client. One command at a time. */
  async request<T>(command: Command): Promise<T> {
    await this.child.stdin.write(`${JSON.stringify(command)}\n`);
    await this.child.stdin.flush();
    const { value: line, done } = await this.lines.next();
    if (done) throw new Error(`the second client ended at ${JSON.stringify(command)}`);
    const result = JSON.parse(line) as Result;
    if (!result.ok) throw new Error(`${command.command}: ${result.why}`);
    return result.value as T;
  }

  /** Opens a visitor of the site: a device with its cookies. */
  async visit(name: string, site: string): Promise<SecondVisitor> {
    await this.request({ command: 'visit', visitor: name, site });
    return new SecondVisitor(this, name);
  }

  /** Loads a page with a new client id; it takes over the messages of these pages, which are closed. */
  async load(name: string, takeOver: readonly string[] = []): Promise<SecondPage> {
    await this.request({ command: 'load', page: name, takeOver });
    return new SecondPage(this, name);
  }
}

/** A visitor of the site. Its methods are those of `Visitor` in visitor.py. */
export class SecondVisitor {
  private readonly client: SecondClient;
  private readonly name: string;

  constructor(client: SecondClient, name: string) {
    this.client = client;
    this.name = name;
  }

  run<T = FormResponse>(command: string, fields: { readonly [field: string]: unknown } = {}): Promise<T> {
    return this.client.request({ command, visitor: this.name, fields });
  }

  join(room: string, headers: { readonly [name: string]: string } = {}): Promise<Joined> {
    return this.run('join', { room, ...headers });
  }
}

export class SecondPage {
  private readonly client: SecondClient;
  readonly name: string;

  constructor(client: SecondClient, name: string) {
    this.client = client;
    this.name = name;
  }

  /** Runs a command of this page; see main.py. */
  run(name: string, fields: { readonly [field: string]: unknown } = {}): Promise<PageState> {
    return this.client.request({ ...fields, command: name, page: this.name });
  }

  /** Connects and waits for the end of the replay. */
  async enter(address: string, credential: string): Promise<PageState> {
    await this.run('connect', { address, credential });
    return this.run('wait-for-live');
  }

  /** Waits for the close and returns its code and what a page does then by the document. */
  waitForClose(): Promise<{ readonly code: number; readonly next: 'reconnect' | 'rejoin' | 'stop' }> {
    return this.client.request({ command: 'wait-for-close', page: this.name });
  }

  state(): Promise<PageState> {
    return this.run('state');
  }
}
