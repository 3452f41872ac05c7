/**
 * What each room's log durably holds, recorded from the journal's replies before anybody else receives
 * them. Everything that is sent or read later is compared with this.
 */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { type LogRecord, readRecord, RecordKind } from '../../sdk/protocol/record.ts';
import { toHex } from '../../sdk/src/hex.ts';
import { applyRecord, CHAT_LINES_MAX, newReplay, type Replay } from '../../sdk/src/reducer.ts';
import { orderGame, type Tally } from './order-game.ts';
import type { Report } from './violation.ts';

/** A move that a player made on a page. */
export interface SentMove {
  readonly id: number;
  readonly room: string;
  readonly author: string;
  /** Its number among its author's moves, from 1. */
  readonly count: number;
  /** The page stored it until its echo, so the log must contain it in the end. */
  isExpected: boolean;
}

/** A client after some entry. */
export interface ClientState {
  readonly number: number;
  readonly seat: number;
  readonly lastSeq: number;
}

interface Sender {
  readonly number: number;
  readonly seat: number;
  /** The seq of its `client` record. */
  readonly firstSeq: number;
  /** The seqs of its messages 1, 2, 3 …. */
  readonly seqs: number[];
}

const decoder = new TextDecoder();

export function describeChat(lines: readonly string[], notes: ReadonlyMap<string, string>): string {
  return [...lines, ...[...notes].map(([id, text]) => `${id}: ${text}`)].join('\n');
}

/** One room's log, and the state that follows from it. */
export class DurableModel {
  readonly room: string;
  readonly moveSeqs = new Map<number, number>();
  /** The highest epoch that was opened. */
  openedEpoch = 0;
  private raw: Uint8Array[] = [];
  private epochs: number[] = [];
  private states: Tally[] = [];
  private replay: Replay<Tally> = newReplay();
  private ids = new Map<number, string>();
  private senders = new Map<string, Sender>();
  private counts = new Map<string, number>();
  private chat: string[] = [];
  private notes = new Map<string, string>();
  private ms = 0;
  private readonly moves: ReadonlyMap<number, SentMove>;
  private readonly report: Report;

  constructor(room: string, moves: ReadonlyMap<number, SentMove>, report: Report) {
    this.room = room;
    this.moves = moves;
    this.report = report;
  }

  get length(): number {
    return this.raw.length;
  }

  /** The state after entry `seq`; null before entry 1. */
  stateAt(seq: number): Tally | null {
    return this.states[seq - 1] ?? null;
  }

  /** The epoch in which entry `seq` was written; 0 = none. */
  epochOf(seq: number): number {
    return this.epochs[seq - 1] ?? 0;
  }

  hasPosition(epoch: number, seq: number): boolean {
    return seq >= 1 && seq <= this.length && this.epochOf(seq) === epoch;
  }

  lastSeqOf(client: string): number {
    return this.senders.get(client)?.seqs.length ?? 0;
  }

  /** The client after entry `seq`; null if it is not among entries 1 to `seq`. */
  clientAt(client: string, seq: number): ClientState | null {
    const sender = this.senders.get(client);
    if (!sender || sender.firstSeq > seq) return null;
    const { number, seat, seqs: places } = sender;
    const lastSeq = places.findLastIndex((place) => place <= seq) + 1;
    return { number, seat, lastSeq };
  }

  isEntry(seq: number, bytes: Uint8Array): boolean {
    const kept = this.raw[seq - 1];
    return kept !== undefined && Buffer.compare(kept, bytes) === 0;
  }

  /** Adds durable records; entries that are already known are skipped. */
  append(records: Uint8Array): void {
    const reader = new Reader(records);
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (record === null) return this.report('I2', `${this.room}: the log holds bytes that are no record`);
      if (record.seq <= this.length) continue;
      if (record.seq !== this.length + 1)
        return this.report('I2', `${this.room}: the log has ${record.seq} after ${this.length}`);
      this.add(record, records.slice(start, reader.at));
    }
  }

  /** Entry `seq`; null if the log has none. */
  entry(seq: number): LogRecord | null {
    const kept = this.raw[seq - 1];
    return kept === undefined ? null : readRecord(new Reader(kept));
  }

  /** All entries, encoded. */
  entries(): readonly Uint8Array[] {
    return [...this.raw];
  }

  /** The last chat lines with their seqs, and the notes. */
  chatAndNotes(): string {
    return describeChat(this.chat.slice(-CHAT_LINES_MAX), this.notes);
  }

  /** Replaces the log after the restore of a backup. */
  rewind(entries: readonly Uint8Array[]): void {
    this.moveSeqs.clear();
    this.openedEpoch = 0;
    this.raw = [];
    this.epochs = [];
    this.states = [];
    this.replay = newReplay();
    this.ids = new Map();
    this.senders = new Map();
    this.counts = new Map();
    this.chat = [];
    this.notes = new Map();
    this.ms = 0;
    for (const bytes of entries) this.append(bytes);
  }

  private add(record: LogRecord, bytes: Uint8Array): void {
    const { seq, ms, kind } = record;
    if (ms < this.ms) this.report('I2', `${this.room}: entry ${seq} goes back in time`);
    this.ms = Math.max(this.ms, ms);
    if (kind === RecordKind.epoch) this.beginEpoch(seq, new Reader(record.body).varint());
    this.addSender(record);
    if (kind === RecordKind.move) this.addMove(record);
    this.addChat(record);
    this.raw.push(bytes);
    applyRecord(this.replay, record, orderGame, () => {});
    this.epochs.push(this.replay.epoch);
    this.states.push(this.replay.state ?? { count: 0, hash: 0 });
  }

  private beginEpoch(seq: number, epoch: number): void {
    if (epoch <= this.replay.epoch)
      this.report('I5', `${this.room}: epoch ${epoch} begins at ${seq} after epoch ${this.replay.epoch}`);
  }

  /** Each client's messages have the numbers 1, 2, 3 …, each once. */
  private addSender({ kind, seq, seat, client, clientSeq, body }: LogRecord): void {
    if (kind === RecordKind.client) {
      const id = toHex(body);
      if (this.ids.has(client) || this.senders.has(id))
        this.report('I3', `${this.room}: client ${client} has a second client record at ${seq}`);
      this.ids.set(client, id);
      this.senders.set(id, { number: client, seat, firstSeq: seq, seqs: [] });
      return;
    }
    if (client === 0) return;
    const sender = this.senders.get(this.ids.get(client) ?? '');
    if (sender === undefined)
      return this.report(
        'I3',
        `${this.room}: entry ${seq} is of client ${client}, which has no client record`,
      );
    const expected = sender.seqs.length + 1;
    if (clientSeq !== expected)
      this.report(
        'I3',
        `${this.room}: entry ${seq} is ${clientSeq} of client ${client}, expected ${expected}`,
      );
    sender.seqs[clientSeq - 1] = seq;
  }

  /** Collected without the reducer: pages, which use the reducer, are compared with this. */
  private addChat({ kind, seq, body }: LogRecord): void {
    if (kind === RecordKind.chat) this.chat.push(`${seq} ${decoder.decode(body)}`);
    if (kind !== RecordKind.note) return;
    const { id, text } = JSON.parse(decoder.decode(body)) as { id: string; text: string };
    this.notes.set(id, text);
  }

  private addMove({ seq, body }: LogRecord): void {
    const { id } = JSON.parse(decoder.decode(body)) as { id: number };
    const sent = this.moves.get(id);
    if (sent?.room !== this.room)
      return this.report('I3', `${this.room}: entry ${seq} is a move that no page sent`);
    const before = this.moveSeqs.get(id);
    if (before !== undefined)
      this.report('I3', `${this.room}: move ${id} is in the log twice, at ${before} and ${seq}`);
    this.moveSeqs.set(id, seq);
    if (sent.count < (this.counts.get(sent.author) ?? 0))
      this.report('I2', `${this.room}: move ${id} of ${sent.author} overtook another`);
    this.counts.set(sent.author, sent.count);
  }
}
