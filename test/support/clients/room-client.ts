/**
 * A player's page without a browser, written from docs/protocol.md: keeps its position, what it has
 * of the log and what it has not seen echoed, over any number of connections. It fails at once when
 * the server breaks the order: a gap, a repeat, another record in a known place.
 */
import { hello } from '../../../sdk/protocol/hello.ts';
import { ping } from '../../../sdk/protocol/ping.ts';
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { type LogRecord, RecordKind } from '../../../sdk/protocol/record.ts';
import { encodeSend } from '../../../sdk/protocol/send.ts';
import { PROTOCOL_VERSION } from '../../../sdk/protocol/version.ts';
import { socketPath } from '../../../src/domain/room.ts';
import { decodeDown, type DownFrame, type DownFrames } from './down-frames.ts';
import { leadsTo, type Site, type SiteVisitor } from './site-visitor.ts';

const WAIT_MS = 30_000;
/** Messages that go a second time are under way at most so many at once. */
const AGAIN_AT_ONCE = 8;

export interface Draft {
  readonly clientSeq: number;
  readonly kind: number;
  readonly body: Uint8Array;
}

export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/** What one connection was told, besides records. */
interface Talk {
  readonly socket: WebSocket;
  welcome: DownFrames['welcome'] | null;
  live: boolean;
  held: boolean;
  /** The first seq that came over this connection. */
  firstSeq: number | null;
  closedWith: number | null;
  /** The last token that came back. */
  token: number;
}

export class RoomClient {
  readonly id: Uint8Array;
  /** Everything it has of the log; entry `seq` stands at `seq - 1`. */
  readonly records: LogRecord[] = [];
  /** Sent or to be sent, and not seen echoed yet; oldest first. */
  readonly outbox: Draft[] = [];
  /** How often it was told to hold, over all connections. */
  holds = 0;
  /** How often it was told to forget what it had. */
  resets = 0;
  /** The window it was told to come back within; null = nobody said so over this connection. */
  drainMs: number | null = null;
  /** Of its last connection. */
  address = '';
  /** Of the last welcome: lets it in again without a join. */
  private pass = '';
  /** Its number in the room, once its first message stands in the log. */
  private number = 0;
  private talk: Talk | null = null;
  private nextClientSeq = 1;
  /** The last message that went over the present connection, in their order. */
  private sentUpto = 0;
  private nextToken = 1;
  private failure: Error | null = null;
  private readonly waiting = new Set<() => void>();

  /** `outbox` continues a page that is gone: the same id, its messages, and nothing else. */
  constructor(id: Uint8Array = crypto.getRandomValues(new Uint8Array(16)), outbox: readonly Draft[] = []) {
    this.id = id;
    this.outbox.push(...outbox);
    this.nextClientSeq = (outbox.at(-1)?.clientSeq ?? 0) + 1;
    this.sentUpto = this.nextClientSeq - 1;
  }

  get position(): Position {
    const began = this.records.findLast(({ kind }) => kind === RecordKind.epoch);
    return { epoch: began ? new Reader(began.body).varint() : 0, seq: this.records.length };
  }

  get welcome(): DownFrames['welcome'] {
    const welcome = this.talk?.welcome;
    if (!welcome) throw new Error('this page was not welcomed');
    return welcome;
  }

  /** The first seq that came over the present connection; null = none yet. */
  get firstSeq(): number | null {
    return this.talk?.firstSeq ?? null;
  }

  get held(): boolean {
    return this.talk?.held ?? false;
  }

  get connected(): boolean {
    return this.talk !== null && this.talk.closedWith === null;
  }

  /** null while it is open, or was never. */
  get closedWith(): number | null {
    return this.talk?.closedWith ?? null;
  }

  /** What the server did against the rules, or null. */
  get fault(): Error | null {
    return this.failure;
  }

  /** Joins as the visitor and connects; resolves when everything was replayed. */
  async enter(site: Site, visitor: SiteVisitor, room: string): Promise<void> {
    const answer = await (await visitor.json(`/api/rooms/${room}/join`, {})).json();
    const joined = answer as { ok: boolean; socket: string; ticket: string };
    if (!joined.ok) throw new Error(`no way into ${room}: ${JSON.stringify(answer)}`);
    await this.connect(new URL(joined.socket, `ws://127.0.0.1:${site.port}`).href, joined.ticket);
  }

  /** Connects as a page does whose connection was lost: with its pass, whoever serves the room now. */
  async comeBack(site: Site, room: string, { slot = 'h1' } = {}): Promise<void> {
    await this.connect(`ws://127.0.0.1:${site.port}${socketPath(slot, room)}`, this.pass);
  }

  /** The same at the address it had, as a page does before it asks where the room is now. */
  async reconnect(): Promise<void> {
    await this.connect(this.address, this.pass);
  }

  /** Another page of the same player, which has nothing yet. */
  sibling(): RoomClient {
    const page = new RoomClient();
    page.pass = this.pass;
    return page;
  }

  private async connect(address: string, credential: string): Promise<void> {
    this.address = address;
    this.drainMs = null;
    const socket = new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    const talk: Talk = {
      socket,
      welcome: null,
      live: false,
      held: false,
      firstSeq: null,
      closedWith: null,
      token: 0,
    };
    this.talk = talk;
    const { epoch, seq } = this.position;
    const greeting = { version: PROTOCOL_VERSION, credential, clients: [{ id: this.id }], epoch, seq };
    socket.onopen = () => socket.send(hello.encode(greeting));
    socket.onmessage = ({ data }) => {
      if (this.talk === talk) this.attempt(() => this.take(talk, decodeDown(new Uint8Array(data))));
    };
    socket.onclose = ({ code }) => {
      talk.closedWith = code;
      this.look();
    };
    await this.until('live', () => talk.live);
    this.sendFrom(0);
  }

  /** Keeps it until its echo came. */
  send(kind: number, body: Uint8Array): Draft {
    const draft = { clientSeq: this.nextClientSeq++, kind, body };
    this.outbox.push(draft);
    if (this.sentUpto === draft.clientSeq - 1) this.put(draft);
    return draft;
  }

  /** Sends a message as if its echo had been missed; it may not come again. */
  repeat(draft: Draft): void {
    this.put(draft);
  }

  /** Everything sent before has been read by the server, and what it answers at once has come. */
  async heard(): Promise<void> {
    const token = this.nextToken++;
    this.talk?.socket.send(ping.encode({ token }));
    await this.until(`an answer to ping ${token}`, () => this.talk?.token === token);
  }

  /** Resolves when all it sent was echoed. */
  echoed(): Promise<void> {
    return this.until('all echoes', () => this.outbox.length === 0);
  }

  /** Resolves when it has the log up to `seq`. */
  has(seq: number): Promise<void> {
    return this.until(`entry ${seq}`, () => this.records.length >= seq);
  }

  /** Looks after each frame; rejects when the server broke a rule or closed the connection. */
  async until(what: string, met: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const failed = (why: string): void =>
      reject(new Error(`waiting for ${what}: ${why}; at entry ${this.records.length}`));
    const look = (): void => {
      const closedWith = this.talk?.closedWith ?? null;
      if (this.failure) reject(this.failure);
      else if (met()) resolve();
      else if (closedWith !== null) failed(`closed with ${closedWith}`);
    };
    const timer = setTimeout(() => failed(`nothing within ${WAIT_MS} ms`), WAIT_MS);
    this.waiting.add(look);
    look();
    await promise.finally(() => {
      clearTimeout(timer);
      this.waiting.delete(look);
    });
  }

  /** The page's network is gone, or the page. */
  async leave(): Promise<void> {
    const { talk } = this;
    if (!talk) return;
    talk.socket.close();
    while (talk.closedWith === null) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
      });
    }
    this.talk = null;
  }

  private put({ clientSeq, kind, body }: Draft): void {
    if (!this.talk?.live || this.held) return;
    this.talk.socket.send(encodeSend({ client: 0, clientSeq, kind, body }));
    this.sentUpto = Math.max(this.sentUpto, clientSeq);
  }

  private take(talk: Talk, frame: DownFrame): void {
    switch (frame.name) {
      case 'welcome':
        talk.welcome = frame.values;
        this.pass = frame.values.pass;
        if (frame.values.resumed === 1) return;
        if (this.records.length > 0) this.resets++;
        this.records.length = 0;
        return;
      case 'chunk':
      case 'records':
        for (const record of frame.values.records) this.record(talk, record);
        return;
      case 'live':
        if (frame.values.seq !== this.records.length) throw new Error(`live at ${frame.values.seq}`);
        talk.live = true;
        return;
      case 'hold':
        talk.held = frame.values.on === 1;
        if (talk.held) this.holds++;
        else this.sendFrom(0);
        return;
      case 'expect':
        return this.sendFrom(frame.values.next);
      case 'drain':
        this.drainMs = frame.values.windowMs;
        return;
      case 'heartbeat':
        talk.token = frame.values.token;
        return;
      case 'refused':
        throw new Error(`refused: ${JSON.stringify(frame.values)}`);
      default:
    }
  }

  private sendFrom(clientSeq: number): void {
    this.sentUpto = Math.max(clientSeq, this.outbox[0]?.clientSeq ?? this.nextClientSeq) - 1;
    this.sendMore();
  }

  /** What goes again goes a few at a time: all of it with each `expect` would be faster than a page may send. */
  private sendMore(): void {
    if (!this.talk?.live || this.held) return;
    for (const draft of this.outbox.slice(0, AGAIN_AT_ONCE))
      if (draft.clientSeq > this.sentUpto) this.put(draft);
  }

  private record(talk: Talk, record: LogRecord): void {
    talk.firstSeq ??= record.seq;
    const known = this.records[record.seq - 1];
    if (known && talk.live) throw new Error(`entry ${record.seq} came twice`);
    if (known && !Bun.deepEquals(known, record)) throw new Error(`entry ${record.seq} is another one now`);
    if (known) return;
    if (record.seq !== this.records.length + 1)
      throw new Error(`entry ${record.seq} came after ${this.records.length}`);
    const kept = { ...record, body: record.body.slice() };
    this.records.push(kept);
    if (kept.kind === RecordKind.client && Buffer.from(kept.body).equals(this.id)) this.number = kept.client;
    if (this.number === 0 || kept.client !== this.number) return;
    const at = this.outbox.findIndex(({ clientSeq }) => clientSeq === kept.clientSeq);
    if (at < 0) return;
    this.outbox.splice(at, 1);
    this.sendMore();
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.look();
  }

  private look(): void {
    for (const look of this.waiting) look();
  }
}

/** One line for each record, the body as a hash: what two clients must have alike, in a form that can be read. */
export function lines(records: readonly LogRecord[]): readonly string[] {
  return records.map(
    ({ seq, kind, ms, seat, client, clientSeq, body }) =>
      `${seq} ${kind} ${ms} ms, seat ${seat}, ${client}/${clientSeq} ${Bun.hash(body).toString(16)}`,
  );
}

/** A free game's link, as a visitor gets it. */
export function freeLink(visitor: SiteVisitor, game: string): Promise<string> {
  return leadsTo(visitor.post(`/games/${game}/free`));
}

/** Takes a seat under the link and enters; answers the room. */
export async function enterRoom(visitor: SiteVisitor, link: string, name: string): Promise<string> {
  const path = await leadsTo(visitor.post(`${link}/enter`, { name }));
  const room = /^\/r\/([a-z0-9]{20})$/.exec(path)?.[1];
  if (room === undefined) throw new Error(`${name} was led to ${path}`);
  return room;
}
