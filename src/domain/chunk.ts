/**
 * From the log to the archive: cuts what the log holds into chunks, and reads out of the records'
 * headers what the archive keeps beside them. Bodies of the players are never looked at.
 */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { ID_BYTES } from '../../sdk/protocol/message.ts';
import { type LogRecord, RecordKind, readRecord } from '../../sdk/protocol/record.ts';
import { CHUNK_BYTES_MAX, CHUNK_RECORDS_MAX, type EpochStart } from './room.ts';

/** Records as the log gives them; may begin before what is asked for. */
export interface RecordRun {
  readonly records: Uint8Array;
}

/** Records `first` … `last`, one after another, not compressed yet. */
export interface RawChunk {
  readonly first: number;
  readonly last: number;
  readonly records: Uint8Array;
}

export interface ClientState {
  readonly number: number;
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly seat: number;
  /** Last client seq. */
  readonly lastSeq: number;
}

/** Where the archive ends. */
export interface ArchiveHead {
  readonly seq: number;
  readonly epoch: number;
  readonly ms: number;
}

/** What is new in the log since the archive's head. */
export interface Passage {
  readonly head: ArchiveHead;
  /** At least one. */
  readonly chunks: readonly RawChunk[];
  readonly epochs: readonly EpochStart[];
  /** Clients that are new or came further, as they stand now. */
  readonly clients: readonly ClientState[];
  /** Room ms of the first move and of the first finish; null if there is none. */
  readonly firstMoveMs: number | null;
  readonly finishMs: number | null;
}

export type PassageOutcome =
  | { readonly ok: true; readonly passage: Passage }
  /** Nothing beyond the archive's head. */
  | { readonly ok: false; readonly why: 'nothing' }
  /** Entry `seq` is missing: trimmed in between, or lost. */
  | { readonly ok: false; readonly why: 'missingRecord'; readonly seq: number }
  /** What follows cannot be archived; `what` says where and why. */
  | { readonly ok: false; readonly why: 'damaged'; readonly what: string };

/**
 * Reads runs that follow each other. `known` are the archived clients of the room. A chunk holds at
 * most CHUNK_RECORDS_MAX records and CHUNK_BYTES_MAX bytes; one larger record is a chunk of its own.
 */
export function readPassage(
  runs: readonly RecordRun[],
  archived: ArchiveHead,
  known: readonly ClientState[],
): PassageOutcome {
  const reading = new Reading(archived, known);
  const cutter = new Cutter(archived.seq + 1);
  for (const { records } of runs) {
    const reader = new Reader(records);
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (!record) return damaged(reading.seq, 'bytes that are no record');
      if (record.seq <= archived.seq) continue;
      if (record.seq !== reading.seq + 1) return { ok: false, why: 'missingRecord', seq: reading.seq + 1 };
      const wrong = reading.take(record);
      if (wrong) return damaged(reading.seq, wrong);
      cutter.take(records.subarray(start, reader.at));
    }
  }
  if (reading.seq === archived.seq) return { ok: false, why: 'nothing' };
  return { ok: true, passage: { ...reading.facts(), chunks: cutter.done() } };
}

function damaged(seq: number, what: string): PassageOutcome {
  return { ok: false, why: 'damaged', what: `behind entry ${seq} the log has ${what}` };
}

class Reading {
  seq: number;
  private epoch: number;
  private ms: number;
  private readonly epochs: EpochStart[] = [];
  private readonly clients = new Map<number, ClientState>();
  private readonly changed = new Set<number>();
  private firstMoveMs: number | null = null;
  private finishMs: number | null = null;

  constructor(archived: ArchiveHead, known: readonly ClientState[]) {
    this.seq = archived.seq;
    this.epoch = archived.epoch;
    this.ms = archived.ms;
    for (const client of known) this.clients.set(client.number, client);
  }

  /** A sentence if the record cannot stand here. */
  take(record: LogRecord): string {
    const wrong = this.takeKind(record) || this.takeSender(record);
    if (wrong) return wrong;
    this.seq = record.seq;
    this.ms = Math.max(this.ms, record.ms);
    return '';
  }

  facts(): Omit<Passage, 'chunks'> {
    return {
      head: { seq: this.seq, epoch: this.epoch, ms: this.ms },
      epochs: this.epochs,
      clients: [...this.clients.values()].filter((client) => this.changed.has(client.number)),
      firstMoveMs: this.firstMoveMs,
      finishMs: this.finishMs,
    };
  }

  private takeKind({ kind, seq, ms, seat, client: number, body }: LogRecord): string {
    if (kind === RecordKind.move) this.firstMoveMs ??= ms;
    if (kind === RecordKind.finish) this.finishMs ??= ms;
    if (kind === RecordKind.epoch) {
      const epoch = new Reader(body).varint();
      if (epoch <= this.epoch) return `epoch ${epoch} after epoch ${this.epoch}`;
      this.epoch = epoch;
      this.epochs.push({ epoch, firstSeq: seq });
    }
    if (kind === RecordKind.client) {
      if (body.length !== ID_BYTES) return `an id of ${body.length} bytes for client ${number}`;
      if (this.clients.has(number)) return `client ${number} for the second time`;
      this.clients.set(number, { number, id: body.slice(), seat, lastSeq: 0 });
      this.changed.add(number);
    }
    return '';
  }

  private takeSender({ client: number, clientSeq }: LogRecord): string {
    if (clientSeq === 0) return '';
    const client = this.clients.get(number);
    if (!client) return `a message of client ${number}, which it does not know`;
    // A repeat or a jump would be a bug of the room server, and no reason to lose the room.
    if (clientSeq <= client.lastSeq) return '';
    this.clients.set(number, { ...client, lastSeq: clientSeq });
    this.changed.add(number);
    return '';
  }
}

/** Collects records until a chunk is full. */
class Cutter {
  private readonly chunks: RawChunk[] = [];
  private parts: Uint8Array[] = [];
  private bytes = 0;
  private first: number;

  constructor(first: number) {
    this.first = first;
  }

  take(record: Uint8Array): void {
    const full =
      this.parts.length === CHUNK_RECORDS_MAX ||
      (this.parts.length > 0 && this.bytes + record.length > CHUNK_BYTES_MAX);
    if (full) this.cut();
    this.parts.push(record);
    this.bytes += record.length;
  }

  done(): readonly RawChunk[] {
    if (this.parts.length > 0) this.cut();
    return this.chunks;
  }

  private cut(): void {
    const records = new Uint8Array(this.bytes);
    let at = 0;
    for (const part of this.parts) {
      records.set(part, at);
      at += part.length;
    }
    const last = this.first + this.parts.length - 1;
    this.chunks.push({ first: this.first, last, records });
    this.first = last + 1;
    this.parts = [];
    this.bytes = 0;
  }
}
