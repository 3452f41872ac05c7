/**
 * From the log to the archive: splits the records of the log into chunks and extracts, from the records'
 * headers, the state that the archive stores beside them. Bodies of players' messages are not read (I7).
 */
import { Reader } from '../../sdk/protocol/bytes.ts';
import { ID_BYTES } from '../../sdk/protocol/message.ts';
import { type LogRecord, RecordKind, readRecord } from '../../sdk/protocol/record.ts';
import { CHUNK_BYTES_MAX, CHUNK_RECORDS_MAX, type EpochStart } from './room.ts';

/** Consecutive records as the log returns them; the first ones may be archived already. */
export interface RecordRun {
  readonly records: Uint8Array;
}

/** Records `first` … `last`, concatenated, not compressed. */
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

/** The records of the log after the archive's head, and the state that they change. */
export interface LogDelta {
  readonly head: ArchiveHead;
  /** At least one chunk. */
  readonly chunks: readonly RawChunk[];
  readonly epochs: readonly EpochStart[];
  /** Clients that are new or whose last seq increased, with their state at the new head. */
  readonly clients: readonly ClientState[];
  /** Room ms of the first move and of the first finish; null if there is none. */
  readonly firstMoveMs: number | null;
  readonly finishMs: number | null;
}

export type LogDeltaOutcome =
  | { readonly ok: true; readonly delta: LogDelta }
  /** The log has no records after the archive's head. */
  | { readonly ok: false; readonly why: 'nothing' }
  /** Record `seq` is missing: trimmed since the archive's head was read, or lost. */
  | { readonly ok: false; readonly why: 'missingRecord'; readonly seq: number }
  /** A record cannot be archived; `what` says where and why. */
  | { readonly ok: false; readonly why: 'damaged'; readonly what: string };

/**
 * Reads consecutive runs. `known` are the archived clients of the room. A chunk has at most
 * CHUNK_RECORDS_MAX records and CHUNK_BYTES_MAX bytes; a larger record gets its own chunk.
 */
export function readLogDelta(
  runs: readonly RecordRun[],
  archived: ArchiveHead,
  known: readonly ClientState[],
): LogDeltaOutcome {
  const delta = new DeltaReader(archived, known);
  const chunker = new Chunker(archived.seq + 1);
  for (const { records } of runs) {
    const reader = new Reader(records);
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (!record) return damaged(delta.seq, 'bytes that are not a record');
      if (record.seq <= archived.seq) continue;
      if (record.seq !== delta.seq + 1) return { ok: false, why: 'missingRecord', seq: delta.seq + 1 };
      const fault = delta.add(record);
      if (fault) return damaged(delta.seq, fault);
      chunker.add(records.subarray(start, reader.at));
    }
  }
  if (delta.seq === archived.seq) return { ok: false, why: 'nothing' };
  return { ok: true, delta: { ...delta.result(), chunks: chunker.finish() } };
}

function damaged(seq: number, what: string): LogDeltaOutcome {
  return { ok: false, why: 'damaged', what: `after entry ${seq} the log has ${what}` };
}

class DeltaReader {
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

  /** Returns a description of the fault if the record is not valid here, else ''. */
  add(record: LogRecord): string {
    const fault = this.addKind(record) || this.addSender(record);
    if (fault) return fault;
    this.seq = record.seq;
    this.ms = Math.max(this.ms, record.ms);
    return '';
  }

  result(): Omit<LogDelta, 'chunks'> {
    return {
      head: { seq: this.seq, epoch: this.epoch, ms: this.ms },
      epochs: this.epochs,
      clients: [...this.clients.values()].filter((client) => this.changed.has(client.number)),
      firstMoveMs: this.firstMoveMs,
      finishMs: this.finishMs,
    };
  }

  private addKind({ kind, seq, ms, seat, client: number, body }: LogRecord): string {
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
      if (this.clients.has(number)) return `client ${number} twice`;
      this.clients.set(number, { number, id: body.slice(), seat, lastSeq: 0 });
      this.changed.add(number);
    }
    return '';
  }

  private addSender({ client: number, clientSeq }: LogRecord): string {
    if (clientSeq === 0) return '';
    const client = this.clients.get(number);
    if (!client) return `a message of the unknown client ${number}`;
    // A repeated or skipped client seq would be a bug of the room server, but the record can be archived.
    if (clientSeq <= client.lastSeq) return '';
    this.clients.set(number, { ...client, lastSeq: clientSeq });
    this.changed.add(number);
    return '';
  }
}

/** Splits records into chunks. */
class Chunker {
  private readonly chunks: RawChunk[] = [];
  private parts: Uint8Array[] = [];
  private bytes = 0;
  private first: number;

  constructor(first: number) {
    this.first = first;
  }

  add(record: Uint8Array): void {
    const full =
      this.parts.length === CHUNK_RECORDS_MAX ||
      (this.parts.length > 0 && this.bytes + record.length > CHUNK_BYTES_MAX);
    if (full) this.endChunk();
    this.parts.push(record);
    this.bytes += record.length;
  }

  finish(): readonly RawChunk[] {
    if (this.parts.length > 0) this.endChunk();
    return this.chunks;
  }

  private endChunk(): void {
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
