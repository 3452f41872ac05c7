/**
 * Talks to the client in Python beside this file, which was written from docs/protocol.md alone: one
 * command in a line of JSON, one answer in a line of JSON.
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

/** What a page of it knows. Ids and bytes in hex. */
export interface PageState {
  readonly seq: number;
  readonly epoch: number;
  /** The first seq that came over the present connection, 0 = none. */
  readonly firstSeq: number;
  readonly client: string;
  /** Messages not seen echoed, of each client it sends for. */
  readonly unsent: readonly number[];
  readonly held: boolean;
  /** The names of the frames of the present connection, in order. */
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
    readonly seats: readonly { readonly seat: number; readonly name: string; readonly online: number }[];
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
  readonly code?: string;
  readonly then?: string;
}

type Command = { readonly do: string; readonly [field: string]: unknown };
type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

export class SecondClient {
  private readonly child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  private readonly lines: AsyncIterator<string>;

  private constructor(child: SecondClient['child']) {
    this.child = child;
    this.lines = linesOf(child.stdout);
  }

  static start(): SecondClient {
    // -B: nothing is written beside the sources.
    const command = ['python3', '-B', join(import.meta.dir, 'main.py')];
    return new SecondClient(Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' }));
  }

  async stop(): Promise<void> {
    await this.child.stdin.end();
    await this.child.exited;
  }

  /** Commands go one after another. Throws what went wrong in there. */
  async ask<T>(command: Command): Promise<T> {
    await this.child.stdin.write(`${JSON.stringify(command)}\n`);
    await this.child.stdin.flush();
    const { value: line, done } = await this.lines.next();
    if (done) throw new Error(`the second client ended at ${JSON.stringify(command)}`);
    const answer = JSON.parse(line) as Answer;
    if (!answer.ok) throw new Error(`${command.do}: ${answer.why}`);
    return answer.value as T;
  }

  /** A page of its own client id, which takes over what pages that are gone had not seen echoed. */
  async load(name: string, takeOver: readonly string[] = []): Promise<SecondPage> {
    await this.ask({ do: 'load', page: name, takeOver });
    return new SecondPage(this, name);
  }
}

export class SecondPage {
  private readonly client: SecondClient;
  readonly name: string;

  constructor(client: SecondClient, name: string) {
    this.client = client;
    this.name = name;
  }

  /** One command for this page; see main.py. */
  do(what: string, fields: { readonly [field: string]: unknown } = {}): Promise<PageState> {
    return this.client.ask({ ...fields, do: what, page: this.name });
  }

  /** Connects, and waits for the end of the replay. */
  async enter(address: string, credential: string): Promise<PageState> {
    await this.do('connect', { address, credential });
    return this.do('live');
  }

  /** The code it was closed with, and what the document says a page does then. */
  closed(): Promise<{ readonly code: number; readonly next: 'again' | 'join' | 'stop' }> {
    return this.client.ask({ do: 'closed', page: this.name });
  }

  state(): Promise<PageState> {
    return this.do('state');
  }
}
