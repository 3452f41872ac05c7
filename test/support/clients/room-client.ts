/**
 * A player's page without a browser, written from docs/protocol.md: over any number of connections it keeps its
 * position, the log, and the messages whose echo it has not seen. It notices every violation of the order: a gap, a
 * repeat, another record under a known seq.
 */
import { hello } from '../../../sdk/protocol/hello.ts';
import { ping } from '../../../sdk/protocol/ping.ts';
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { type LogRecord, RecordKind } from '../../../sdk/protocol/record.ts';
import { encodeSend } from '../../../sdk/protocol/send.ts';
import { PROTOCOL_VERSION } from '../../../sdk/protocol/version.ts';
import { socketPath } from '../../../src/domain/room.ts';
import { decodeDown, type DownFrame, type DownFrames } from './down-frames.ts';
import { redirectTarget, type Site, type Visitor } from './visitor.ts';

const WAIT_MS = 30_000;
/** Messages that are sent again and not echoed yet, at most. */
const RESENT_MAX = 8;

export interface Draft {
  readonly clientSeq: number;
  readonly kind: number;
  readonly body: Uint8Array;
}

export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

export interface RoomClientOptions {
  readonly id?: Uint8Array;
  /** Together with `id`: continues a closed page with its unsent messages. */
  readonly outbox?: readonly Draft[];
  /** Sent with each upgrade. */
  readonly headers?: { readonly [name: string]: string };
  /** True: goes on after a violation and collects all. Default: the first one rejects all pending waits. */
  readonly collectsFaults?: boolean;
}

/** The runtime's own WebSocket: it takes headers, and can end a connection without a close frame. */
const RuntimeWebSocket = WebSocket as unknown as new (
  url: string,
  options: Bun.WebSocketOptions,
) => Bun.WebSocket;

/** State of one connection. */
interface Connection {
  readonly socket: Bun.WebSocket;
  welcome: DownFrames['welcome'] | null;
  live: boolean;
  held: boolean;
  /** The first seq that came over this connection. */
  firstSeq: number | null;
  closedWith: number | null;
  /** The last token that came back, and the head in that heartbeat. */
  token: number;
  head: number;
}

export class RoomClient {
  readonly id: Uint8Array;
  /** Its part of the log; entry `seq` is at index `seq - 1`. After a gap that index is a hole. */
  readonly records: LogRecord[] = [];
  /** Messages without an echo so far, oldest first. */
  readonly outbox: Draft[] = [];
  /** Violations by the server; without `collectsFaults` only the first. */
  readonly faults: Error[] = [];
  /** Number of `hold` frames that began a hold, over all connections. */
  holds = 0;
  /** Number of resets: welcomes that made it forget its records. */
  resets = 0;
  /** Window of the drain notice on this connection, ms; null = none. */
  drainMs: number | null = null;
  /** Address of the last connection. */
  address = '';
  /** Pass of the last welcome: reconnects without a join. */
  pass = '';
  private epoch = 0;
  /** Its client number in the room; 0 before its first message is in the log. */
  private number = 0;
  private connection: Connection | null = null;
  private nextClientSeq = 1;
  /** Client seq of the last message sent over this connection in order. */
  private sentUpto = 0;
  private nextToken = 1;
  private readonly headers: { readonly [name: string]: string };
  private readonly collectsFaults: boolean;
  private readonly waiting = new Set<() => void>();

  constructor(options: RoomClientOptions = {}) {
    const { id = crypto.getRandomValues(new Uint8Array(16)), outbox = [] } = options;
    this.id = id;
    this.headers = options.headers ?? {};
    this.collectsFaults = options.collectsFaults ?? false;
    this.outbox.push(...outbox);
    this.nextClientSeq = (outbox.at(-1)?.clientSeq ?? 0) + 1;
    this.sentUpto = this.nextClientSeq - 1;
  }

  get position(): Position {
    return { epoch: this.epoch, seq: this.records.length };
  }

  get welcome(): DownFrames['welcome'] {
    const welcome = this.connection?.welcome;
    if (!welcome) throw new Error('no welcome on this connection');
    return welcome;
  }

  /** The first seq received over this connection; null = none yet. */
  get firstSeq(): number | null {
    return this.connection?.firstSeq ?? null;
  }

  get isHeld(): boolean {
    return this.connection?.held ?? false;
  }

  /** The head in the last heartbeat of this connection. */
  get head(): number {
    return this.connection?.head ?? 0;
  }

  /** Number of messages made so far. */
  get sent(): number {
    return this.nextClientSeq - 1;
  }

  get isConnected(): boolean {
    return this.connection !== null && this.connection.closedWith === null;
  }

  /** Close code of this connection; null while it is open, or before the first. */
  get closedWith(): number | null {
    return this.connection?.closedWith ?? null;
  }

  /** The first violation by the server, or null. */
  get fault(): Error | null {
    return this.faults[0] ?? null;
  }

  /** Joins as the visitor and connects; resolves when it is live. */
  async enter(site: Site, visitor: Visitor, room: string): Promise<void> {
    const answer = await (await visitor.json(`/api/rooms/${room}/join`, {})).json();
    const joined = answer as { ok: boolean; socket: string; ticket: string };
    if (!joined.ok) throw new Error(`joining ${room} failed: ${JSON.stringify(answer)}`);
    await this.connect(new URL(joined.socket, `ws://127.0.0.1:${site.port}`).href, joined.ticket);
  }

  /** Reconnects with its pass to the site's slot. */
  async reconnectTo(site: Site, room: string, { slot = 'h1' } = {}): Promise<void> {
    await this.connect(`ws://127.0.0.1:${site.port}${socketPath(slot, room)}`, this.pass);
  }

  /** Reconnects with its pass to the last address, as a page does before it joins again. */
  async reconnect(): Promise<void> {
    await this.connect(this.address, this.pass);
  }

  /** Another page of the same player, with nothing received yet. */
  sibling(): RoomClient {
    const page = new RoomClient();
    page.pass = this.pass;
    return page;
  }

  /** Resolves when it is live. `credential`: a ticket or a pass. */
  async connect(address: string, credential: string): Promise<void> {
    this.address = address;
    this.drainMs = null;
    const socket = new RuntimeWebSocket(address, { headers: this.headers });
    socket.binaryType = 'arraybuffer';
    const connection: Connection = {
      socket,
      welcome: null,
      live: false,
      held: false,
      firstSeq: null,
      closedWith: null,
      token: 0,
      head: 0,
    };
    this.connection = connection;
    const { epoch, seq } = this.position;
    const greeting = { version: PROTOCOL_VERSION, credential, clients: [{ id: this.id }], epoch, seq };
    socket.onopen = () => socket.send(hello.encode(greeting));
    socket.onmessage = ({ data }) => {
      if (this.connection !== connection) return;
      this.collectFault(() => this.receive(connection, decodeDown(new Uint8Array(data))));
      this.checkWaiting();
    };
    socket.onclose = ({ code }) => {
      connection.closedWith = code;
      this.checkWaiting();
    };
    await this.until('live', () => connection.live);
    this.sendFrom(0);
  }

  /** Sends a message and keeps it until its echo. */
  send(kind: number, body: Uint8Array): Draft {
    const draft = { clientSeq: this.nextClientSeq++, kind, body };
    this.outbox.push(draft);
    if (this.sentUpto === draft.clientSeq - 1) this.transmit(draft);
    return draft;
  }

  /** Sends a message again although its echo was seen; the server must drop it. */
  repeat(draft: Draft): void {
    this.transmit(draft);
  }

  /** Resolves when the server has read everything sent before, and its immediate replies have arrived. */
  async roundTrip(): Promise<void> {
    const token = this.nextToken++;
    this.connection?.socket.send(ping.encode({ token }));
    await this.until(`the heartbeat of ping ${token}`, () => this.connection?.token === token);
  }

  /** Resolves when all its messages were echoed. */
  echoed(): Promise<void> {
    return this.until('all echoes', () => this.outbox.length === 0);
  }

  /** Resolves when it has the log up to `seq`. */
  has(seq: number): Promise<void> {
    return this.until(`entry ${seq}`, () => this.records.length >= seq);
  }

  /** Checks after each frame; rejects after a violation, a close, or WAIT_MS. */
  async until(what: string, met: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const failed = (why: string): void =>
      reject(new Error(`waiting for ${what}: ${why}; at entry ${this.records.length}`));
    const check = (): void => {
      const { closedWith } = this;
      if (this.fault && !this.collectsFaults) reject(this.fault);
      else if (met()) resolve();
      else if (closedWith !== null) failed(`closed with ${closedWith}`);
    };
    const timer = setTimeout(() => failed(`nothing within ${WAIT_MS} ms`), WAIT_MS);
    this.waiting.add(check);
    check();
    await promise.finally(() => {
      clearTimeout(timer);
      this.waiting.delete(check);
    });
  }

  /** Closes the connection; resolves when it is closed. */
  async close(): Promise<void> {
    const { connection } = this;
    if (!connection) return;
    connection.socket.close();
    while (connection.closedWith === null) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
      });
    }
    this.connection = null;
  }

  /** Ends the connection without a close frame, as when the network is lost. */
  cut(): void {
    if (!this.connection) return;
    this.connection.socket.terminate();
    this.connection.closedWith ??= 1006;
    this.checkWaiting();
  }

  private transmit({ clientSeq, kind, body }: Draft): void {
    if (!this.connection?.live || this.isHeld) return;
    this.connection.socket.send(encodeSend({ client: 0, clientSeq, kind, body }));
    this.sentUpto = Math.max(this.sentUpto, clientSeq);
  }

  private receive(connection: Connection, frame: DownFrame): void {
    switch (frame.name) {
      case 'welcome':
        connection.welcome = frame.values;
        this.pass = frame.values.pass;
        if (frame.values.resumed === 1) return;
        if (this.records.length > 0) this.resets++;
        this.records.length = 0;
        this.epoch = 0;
        return;
      case 'chunk':
      case 'records':
        for (const record of frame.values.records) this.addRecord(connection, record);
        return;
      case 'live':
        if (frame.values.seq !== this.records.length) this.addFault(`live at ${frame.values.seq}`);
        connection.live = true;
        return;
      case 'hold':
        connection.held = frame.values.on === 1;
        if (connection.held) this.holds++;
        else this.sendFrom(0);
        return;
      case 'expect':
        return this.sendFrom(frame.values.next);
      case 'drain':
        this.drainMs = frame.values.windowMs;
        return;
      case 'heartbeat':
        connection.token = frame.values.token;
        connection.head = frame.values.seq;
        return;
      case 'refused':
        return this.addFault(`refused: ${JSON.stringify(frame.values)}`);
      default:
    }
  }

  private sendFrom(clientSeq: number): void {
    this.sentUpto = Math.max(clientSeq, this.outbox[0]?.clientSeq ?? this.nextClientSeq) - 1;
    this.sendMore();
  }

  /** Resends a few at a time: resending everything after each `expect` would exceed the rate limit. */
  private sendMore(): void {
    if (!this.connection?.live || this.isHeld) return;
    for (const draft of this.outbox.slice(0, RESENT_MAX))
      if (draft.clientSeq > this.sentUpto) this.transmit(draft);
  }

  private addRecord(connection: Connection, record: LogRecord): void {
    connection.firstSeq ??= record.seq;
    const known = this.records[record.seq - 1];
    if (known && connection.live) this.addFault(`entry ${record.seq} came twice`);
    if (known && !Bun.deepEquals(known, record)) this.addFault(`entry ${record.seq} is not what it was`);
    if (known) return;
    if (record.seq !== this.records.length + 1)
      this.addFault(`entry ${record.seq} came after ${this.records.length}`);
    const kept = { ...record, body: record.body.slice() };
    this.records[record.seq - 1] = kept;
    if (kept.kind === RecordKind.epoch) this.epoch = new Reader(kept.body).varint();
    if (kept.kind === RecordKind.client && Buffer.from(kept.body).equals(this.id)) this.number = kept.client;
    if (this.number === 0 || kept.client !== this.number) return;
    // An echo confirms the messages before it, too.
    const confirmed = this.outbox.filter(({ clientSeq }) => clientSeq <= kept.clientSeq).length;
    if (confirmed === 0) return;
    this.outbox.splice(0, confirmed);
    this.sendMore();
  }

  /** Throws it unless faults are collected. */
  private addFault(what: string): void {
    const fault = new Error(what);
    if (!this.collectsFaults) throw fault;
    this.faults.push(fault);
  }

  private collectFault(work: () => void): void {
    try {
      work();
    } catch (error) {
      const fault = error instanceof Error ? error : new Error(String(error));
      if (this.collectsFaults || this.faults.length === 0) this.faults.push(fault);
    }
  }

  private checkWaiting(): void {
    for (const check of this.waiting) check();
  }
}

/** One readable line per record, with the body as a hash: for comparing the logs of two clients. */
export function lines(records: readonly LogRecord[]): readonly string[] {
  return records.map(
    ({ seq, kind, ms, seat, client, clientSeq, body }) =>
      `${seq} ${kind} ${ms} ms, seat ${seat}, ${client}/${clientSeq} ${Bun.hash(body).toString(16)}`,
  );
}

/** Opens a free game; returns the path of its lobby. */
export function freeLink(visitor: Visitor, game: string): Promise<string> {
  return redirectTarget(visitor.post(`/games/${game}/free`));
}

/** Takes a seat under the link and enters; returns the room's id. */
export async function enterRoom(visitor: Visitor, link: string, name: string): Promise<string> {
  const path = await redirectTarget(visitor.post(`${link}/enter`, { name }));
  const room = /^\/r\/([a-z0-9]{20})$/.exec(path)?.[1];
  if (room === undefined) throw new Error(`${name} was redirected to ${path}`);
  return room;
}
