/**
 * The records of one append, encoded once: the same bytes go to the log and to every socket.
 *
 * Buffers are not reused, since the log may keep them; the AppendBatch object is. A single record gets a
 * buffer of exactly its size: that is the usual case, and it needs no copy.
 */
import { encodeRecord, type RecordHeader } from '../../../../sdk/protocol/record.ts';
import type { Client } from './client-table.ts';

const FIRST_BYTES = 1_024;
/** Maximum bytes of one append, and so of one `records` frame. */
export const BATCH_BYTES_MAX = 128 * 1024;

export class AppendBatch {
  count = 0;
  lastSeq = 0;
  lastMs = 0;
  length = 0;
  /** The batch contains a finish record. */
  hasFinish = false;
  /** The client and client seq of each message; parallel arrays. */
  readonly clients: Client[] = [];
  readonly clientSeqs: number[] = [];
  private bytes: Uint8Array = NO_BYTES;

  /** Whether `more` bytes fit into the maximum size. */
  fits(more: number): boolean {
    return this.length + more <= BATCH_BYTES_MAX;
  }

  /** Reserves `more` bytes; `alone` = no other record will be added to this batch. */
  reserve(more: number, alone: boolean): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    if (this.length === 0) {
      this.bytes = new Uint8Array(alone ? more : Math.max(FIRST_BYTES, more));
      return;
    }
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, needed));
    larger.set(this.bytes);
    this.bytes = larger;
  }

  /** Encodes one record; its body is `bytes` from `from` on. `reserve` must have been called for it. */
  add(header: RecordHeader, bytes: Uint8Array, from: number): void {
    this.length = encodeRecord(this.bytes, this.length, header, bytes, from);
    this.count++;
    this.lastSeq = header.seq;
    this.lastMs = header.ms;
  }

  addClient(client: Client, clientSeq: number): void {
    this.clients.push(client);
    this.clientSeqs.push(clientSeq);
  }

  /** The concatenated records in a buffer of exactly their size. */
  records(): Uint8Array {
    return this.bytes.length === this.length ? this.bytes : this.bytes.slice(0, this.length);
  }

  clear(): void {
    this.count = 0;
    this.length = 0;
    this.hasFinish = false;
    this.clients.length = 0;
    this.clientSeqs.length = 0;
    this.bytes = NO_BYTES;
  }
}

const NO_BYTES = new Uint8Array(0);
