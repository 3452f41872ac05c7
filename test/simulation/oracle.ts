/**
 * What must never happen, whatever else does. It sees every frame that leaves the server, every
 * message that a page was asked to send, and in the end the log as it lies on the disk.
 *
 * Rule numbers are those of the design: 1 nothing leaves before it is durable, 2 one order without
 * gap or repeat, 3 a resend is harmless, 4 a position stays good, 10 archive and log are one.
 */
import { inflateRawSync } from 'node:zlib';
import { Reader } from '../../sdk/protocol/bytes.ts';
import { chunk } from '../../sdk/protocol/chunk.ts';
import { heartbeat } from '../../sdk/protocol/heartbeat.ts';
import { hello } from '../../sdk/protocol/hello.ts';
import { live } from '../../sdk/protocol/live.ts';
import { type LogRecord, readRecord, RECORD_VERSION, RecordKind } from '../../sdk/protocol/record.ts';
import { welcome } from '../../sdk/protocol/welcome.ts';
import { toHex } from '../../sdk/src/hex.ts';
import type { Link, LinkWatcher } from './network.ts';

/** A move as the simulated pages send it: its own number, and its sender's count. */
export interface SentMove {
  readonly id: number;
  readonly author: string;
  readonly count: number;
  /** The page kept it until it was echoed, so it must be in the log in the end. */
  owed: boolean;
}

/** One record of the final log. */
export interface Logged extends LogRecord {
  readonly text: string;
}

interface Conversation {
  position: number;
  /** The last seq sent on this link. */
  last: number;
  live: boolean;
  welcomed: boolean;
  clients: string[];
}

export class Violation extends Error {
  override readonly name = 'Violation';
}

export class Oracle implements LinkWatcher {
  readonly moves = new Map<number, SentMove>();
  /** How many frames of each type left the server. */
  readonly frames = new Map<number, number>();
  /** Bytes of every record that ever left the server, by seq. */
  readonly #left = new Map<number, string>();
  readonly #talks = new Map<Link, Conversation>();
  /** The highest head and client seqs that a page was told of. */
  #headTold = 0;
  readonly #lastSeqTold = new Map<string, number>();

  /** The first thing that was seen to be wrong. */
  #noted: Violation | null = null;

  fail(rule: number, what: string): never {
    throw new Violation(`rule ${rule}: ${what}`);
  }

  /** Throws if something wrong was seen so far. */
  verdict(): void {
    if (this.#noted !== null) throw this.#noted;
  }

  /** For what is seen from within the server: it must not notice that it is watched. */
  note(rule: number, what: string): void {
    this.#noted ??= new Violation(`rule ${rule}: ${what}`);
  }

  up(link: Link, frame: Uint8Array): void {
    const said = frame[0] === hello.type ? hello.decode(frame) : null;
    if (said === null) return;
    const clients = said.clients.map(({ id }) => toHex(id));
    this.#talks.set(link, { position: said.seq, last: -1, live: false, welcomed: false, clients });
  }

  down(link: Link, frame: Uint8Array): void {
    const talk = this.#talks.get(link);
    if (talk === undefined) return;
    const type = frame[0] ?? 0;
    this.frames.set(type, (this.frames.get(type) ?? 0) + 1);
    switch (type) {
      case welcome.type:
        return this.#welcome(link, talk, frame);
      case RECORD_VERSION:
        return this.#records(link, talk, frame);
      case chunk.type: {
        const values = chunk.decode(frame);
        if (values) this.#records(link, talk, inflateRawSync(values.deflated));
        return;
      }
      case live.type:
        return this.#live(link, talk, frame);
      case heartbeat.type:
        this.#headTold = Math.max(this.#headTold, heartbeat.decode(frame)?.seq ?? 0);
        return;
      default:
        return;
    }
  }

  /** Compares everything that was seen with what is on the disk. */
  check(log: readonly Logged[]): void {
    this.verdict();
    this.#checkShape(log);
    for (const [seq, bytes] of this.#left) {
      const kept = log[seq - 1];
      if (kept === undefined) this.fail(1, `record ${seq} was seen and is not in the log`);
      if (fingerprint(kept) !== bytes) this.fail(1, `record ${seq} was seen otherwise than it is in the log`);
    }
    if (this.#headTold > log.length)
      this.fail(1, `head ${this.#headTold} was told, the log has ${log.length}`);
    this.#checkClients(log);
    this.#checkMoves(log);
  }

  #welcome(link: Link, talk: Conversation, frame: Uint8Array): void {
    const values = welcome.decode(frame);
    if (values === null) return;
    talk.welcomed = true;
    talk.last = values.resumed === 1 ? talk.position : 0;
    this.#headTold = Math.max(this.#headTold, values.seq);
    // Entry 1 is of the first epoch, but only entry 2 says which: a page cannot name it yet.
    if (values.resumed === 0 && talk.position > 1) {
      this.note(4, `${link.name} held entry ${talk.position} and was reset`);
    }
    if (values.resumed === 1 && talk.position > values.seq)
      this.note(4, `${link.name} resumed beyond the head`);
    for (const [place, { lastSeq }] of values.clients.entries()) {
      const id = talk.clients[place] ?? '';
      this.#lastSeqTold.set(id, Math.max(this.#lastSeqTold.get(id) ?? 0, lastSeq));
    }
  }

  #records(link: Link, talk: Conversation, bytes: Uint8Array): void {
    if (!talk.welcomed) this.note(2, `${link.name} got records before its welcome`);
    const reader = new Reader(bytes);
    while (!reader.atEnd) {
      const record = readRecord(reader);
      if (record === null) return this.note(2, `${link.name} got bytes that are no records`);
      const { seq } = record;
      if (seq > talk.last + 1) this.note(2, `${link.name} got ${seq} after ${talk.last}`);
      // A page of replay may begin before the position; live records may not.
      if (seq <= talk.last && talk.live) this.note(2, `${link.name} got ${seq} again`);
      talk.last = Math.max(talk.last, seq);
      this.#seen(record);
    }
  }

  #seen(record: LogRecord): void {
    const print = fingerprint(record);
    const before = this.#left.get(record.seq);
    if (before === undefined) this.#left.set(record.seq, print);
    else if (before !== print) this.note(2, `record ${record.seq} was seen in two forms`);
  }

  #live(link: Link, talk: Conversation, frame: Uint8Array): void {
    const seq = live.decode(frame)?.seq ?? -1;
    if (talk.live) this.note(2, `${link.name} went live twice`);
    if (seq !== talk.last) this.note(2, `${link.name} went live at ${seq} having got ${talk.last}`);
    talk.live = true;
  }

  #checkShape(log: readonly Logged[]): void {
    let ms = 0;
    for (const [at, record] of log.entries()) {
      if (record.seq !== at + 1) this.fail(2, `entry ${at + 1} of the log has seq ${record.seq}`);
      if (record.ms < ms) this.fail(2, `entry ${record.seq} goes back in time`);
      ms = record.ms;
    }
  }

  /** Per client: numbers 1, 2, 3 … each once; and none was promised that is not there. */
  #checkClients(log: readonly Logged[]): void {
    const ids = new Map<number, string>();
    const last = new Map<string, number>();
    for (const { kind, seq, seat, client, clientSeq, body } of log) {
      if (kind === RecordKind.client) {
        const id = toHex(body);
        if (ids.has(client) || [...ids.values()].includes(id))
          this.fail(3, `client ${client} came twice at ${seq}`);
        ids.set(client, id);
      }
      if (client === 0 || kind === RecordKind.client) continue;
      const id =
        ids.get(client) ?? this.fail(3, `entry ${seq} is of client ${client}, seat ${seat}, who never came`);
      const next = (last.get(id) ?? 0) + 1;
      if (clientSeq !== next)
        this.fail(3, `entry ${seq} is ${clientSeq} of client ${client}, expected ${next}`);
      last.set(id, clientSeq);
    }
    for (const [id, told] of this.#lastSeqTold) {
      if (told > (last.get(id) ?? 0))
        this.fail(1, `client ${id} was told ${told}, the log has ${last.get(id) ?? 0}`);
    }
  }

  #checkMoves(log: readonly Logged[]): void {
    const places = new Map<number, number>();
    const counts = new Map<string, number>();
    for (const { kind, seq, text } of log) {
      if (kind !== RecordKind.move) continue;
      const { id } = JSON.parse(text) as { id: number };
      const sent = this.moves.get(id) ?? this.fail(3, `entry ${seq} is a move that nobody made`);
      if (places.has(id)) this.fail(3, `move ${id} is in the log twice, at ${places.get(id)} and ${seq}`);
      places.set(id, seq);
      if (sent.count < (counts.get(sent.author) ?? 0))
        this.fail(2, `move ${id} of ${sent.author} overtook another`);
      counts.set(sent.author, sent.count);
    }
    for (const { id, owed, author } of this.moves.values()) {
      if (owed && !places.has(id)) this.fail(3, `move ${id} of ${author} is not in the log`);
    }
  }
}

function fingerprint({ kind, seq, ms, seat, client, clientSeq, body }: LogRecord): string {
  return `${kind} ${seq} ${ms} ${seat} ${client} ${clientSeq} ${Buffer.from(body).toString('latin1')}`;
}
