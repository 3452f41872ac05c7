/**
 * What each room's log durably holds: kept from what the journal itself answers, before anybody else
 * hears of it. Everything that is told, sent or read later is held against this.
 */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { type LogRecord, readRecord, RecordKind } from '../../sdk/protocol/record.ts';
import { toHex } from '../../sdk/src/hex.ts';
import { applyRecord, CHAT_LINES_MAX, newReplay, type Replay } from '../../sdk/src/reducer.ts';
import { orderGame, type Tally } from './order-game.ts';
import type { Note } from './violation.ts';

/** A move as a page was asked to send it. */
export interface SentMove {
  readonly id: number;
  readonly room: string;
  readonly author: string;
  /** Its place among its author's. */
  readonly count: number;
  /** The page kept it until it was echoed, so it must be in the log in the end. */
  owed: boolean;
}

/** A client as of some entry. */
export interface KnownClient {
  readonly number: number;
  readonly seat: number;
  readonly lastSeq: number;
}

interface Sender {
  readonly number: number;
  readonly seat: number;
  /** The entry that named it. */
  readonly cameAt: number;
  /** Where its messages 1, 2, 3 … are. */
  readonly places: number[];
}

const decoder = new TextDecoder();

export function describeTalk(lines: readonly string[], notes: ReadonlyMap<string, string>): string {
  return [...lines, ...[...notes].map(([id, text]) => `${id}: ${text}`)].join('\n');
}

/** One room's log, and what follows from it. */
export class RoomTruth {
  readonly room: string;
  readonly places = new Map<number, number>();
  /** The highest epoch that anybody opened. */
  opened = 0;
  #raw: Uint8Array[] = [];
  #epochs: number[] = [];
  #states: Tally[] = [];
  #replay: Replay<Tally> = newReplay();
  #ids = new Map<number, string>();
  #senders = new Map<string, Sender>();
  #counts = new Map<string, number>();
  #chat: string[] = [];
  #notes = new Map<string, string>();
  #ms = 0;
  readonly #moves: ReadonlyMap<number, SentMove>;
  readonly #note: Note;

  constructor(room: string, moves: ReadonlyMap<number, SentMove>, note: Note) {
    this.room = room;
    this.#moves = moves;
    this.#note = note;
  }

  get length(): number {
    return this.#raw.length;
  }

  /** The state after entry `seq`; null before entry 1. */
  stateAt(seq: number): Tally | null {
    return this.#states[seq - 1] ?? null;
  }

  /** The epoch in which entry `seq` was written; 0 = none. */
  epochOf(seq: number): number {
    return this.#epochs[seq - 1] ?? 0;
  }

  holds(epoch: number, seq: number): boolean {
    return seq >= 1 && seq <= this.length && this.epochOf(seq) === epoch;
  }

  lastOf(client: string): number {
    return this.#senders.get(client)?.places.length ?? 0;
  }

  /** The client as entries 1 to `seq` have it; null if it is not among them. */
  clientAt(client: string, seq: number): KnownClient | null {
    const sender = this.#senders.get(client);
    if (!sender || sender.cameAt > seq) return null;
    const { number, seat, places } = sender;
    const lastSeq = places.findLastIndex((place) => place <= seq) + 1;
    return { number, seat, lastSeq };
  }

  isEntry(seq: number, bytes: Uint8Array): boolean {
    const kept = this.#raw[seq - 1];
    return kept !== undefined && Buffer.compare(kept, bytes) === 0;
  }

  /** These records are durable. Entries that are known already are passed over. */
  take(records: Uint8Array): void {
    const reader = new Reader(records);
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (record === null) return this.#note(2, `${this.room}: the log holds bytes that are no record`);
      if (record.seq <= this.length) continue;
      if (record.seq !== this.length + 1)
        return this.#note(2, `${this.room}: the log has ${record.seq} after ${this.length}`);
      this.#add(record, records.slice(start, reader.at));
    }
  }

  /** Entry `seq`; null if the log has none. */
  entry(seq: number): LogRecord | null {
    const kept = this.#raw[seq - 1];
    return kept === undefined ? null : readRecord(new Reader(kept));
  }

  /** All entries, each in its bytes. */
  entries(): readonly Uint8Array[] {
    return [...this.#raw];
  }

  /** What players said: the last lines with their seqs, and the notepad. */
  talk(): string {
    return describeTalk(this.#chat.slice(-CHAT_LINES_MAX), this.#notes);
  }

  /** A backup was restored: the log is what it was then, and may be a little more. */
  rewind(entries: readonly Uint8Array[]): void {
    this.places.clear();
    this.opened = 0;
    this.#raw = [];
    this.#epochs = [];
    this.#states = [];
    this.#replay = newReplay();
    this.#ids = new Map();
    this.#senders = new Map();
    this.#counts = new Map();
    this.#chat = [];
    this.#notes = new Map();
    this.#ms = 0;
    for (const bytes of entries) this.take(bytes);
  }

  #add(record: LogRecord, bytes: Uint8Array): void {
    const { seq, ms, kind } = record;
    if (ms < this.#ms) this.#note(2, `${this.room}: entry ${seq} goes back in time`);
    this.#ms = Math.max(this.#ms, ms);
    if (kind === RecordKind.epoch) this.#beginEpoch(seq, new Reader(record.body).varint());
    this.#addSender(record);
    if (kind === RecordKind.move) this.#addMove(record);
    this.#addTalk(record);
    this.#raw.push(bytes);
    applyRecord(this.#replay, record, orderGame, () => {});
    this.#epochs.push(this.#replay.epoch);
    this.#states.push(this.#replay.state ?? { count: 0, hash: 0 });
  }

  #beginEpoch(seq: number, epoch: number): void {
    if (epoch <= this.#replay.epoch)
      this.#note(5, `${this.room}: epoch ${epoch} begins at ${seq} after epoch ${this.#replay.epoch}`);
  }

  /** Per client: numbers 1, 2, 3 … each once. */
  #addSender({ kind, seq, seat, client, clientSeq, body }: LogRecord): void {
    if (kind === RecordKind.client) {
      const id = toHex(body);
      if (this.#ids.has(client) || this.#senders.has(id))
        this.#note(3, `${this.room}: client ${client} came twice, at ${seq}`);
      this.#ids.set(client, id);
      this.#senders.set(id, { number: client, seat, cameAt: seq, places: [] });
      return;
    }
    if (client === 0) return;
    const sender = this.#senders.get(this.#ids.get(client) ?? '');
    if (sender === undefined)
      return this.#note(3, `${this.room}: entry ${seq} is of client ${client}, who never came`);
    const expected = sender.places.length + 1;
    if (clientSeq !== expected)
      this.#note(3, `${this.room}: entry ${seq} is ${clientSeq} of client ${client}, expected ${expected}`);
    sender.places[clientSeq - 1] = seq;
  }

  /** Counted apart from the reducer: that is what pages are held against. */
  #addTalk({ kind, seq, body }: LogRecord): void {
    if (kind === RecordKind.chat) this.#chat.push(`${seq} ${decoder.decode(body)}`);
    if (kind !== RecordKind.note) return;
    const { id, text } = JSON.parse(decoder.decode(body)) as { id: string; text: string };
    this.#notes.set(id, text);
  }

  #addMove({ seq, body }: LogRecord): void {
    const { id } = JSON.parse(decoder.decode(body)) as { id: number };
    const sent = this.#moves.get(id);
    if (sent?.room !== this.room)
      return this.#note(3, `${this.room}: entry ${seq} is a move that nobody made`);
    const before = this.places.get(id);
    if (before !== undefined)
      this.#note(3, `${this.room}: move ${id} is in the log twice, at ${before} and ${seq}`);
    this.places.set(id, seq);
    if (sent.count < (this.#counts.get(sent.author) ?? 0))
      this.#note(2, `${this.room}: move ${id} of ${sent.author} overtook another`);
    this.#counts.set(sent.author, sent.count);
  }
}
