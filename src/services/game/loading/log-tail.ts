/**
 * Reads the records that the log holds beyond the archive when a room is loaded, and updates the archived
 * state by them: clients, their last client seqs, epochs, finish.
 */
import { Reader } from '../../../../sdk/protocol/bytes.ts';
import { readRecord, RecordKind, type LogRecord } from '../../../../sdk/protocol/record.ts';
import type { EpochStart } from '../../../domain/room.ts';
import type { LoadedRoom } from '../../../ports/main-db/queries/rooms.ts';
import type { RoomLog, Run } from '../../../ports/room-log/room-log.ts';
import { ClientTable } from '../room/client-table.ts';

const READ_BYTES = 256 * 1024;

/** The archived state, updated to the head of the log. */
export interface Tail {
  readonly clients: ClientTable;
  readonly epochs: readonly EpochStart[];
  /** Bytes of the records beyond the archive. */
  readonly bytes: number;
  readonly finished: boolean;
}

/**
 * Reads from the end of the archive to record `head`. Returns a description if archive and log do not match.
 */
export async function readTail(
  log: Pick<RoomLog, 'read'>,
  facts: LoadedRoom,
  head: number,
): Promise<Tail | string> {
  const reader = new TailReader(facts);
  while (reader.after < head) {
    const before = reader.after;
    for (const run of await log.read(facts.room.id, before, READ_BYTES)) {
      const damage = reader.add(run);
      if (damage) return damage;
    }
    if (reader.after === before) return missing(before + 1);
  }
  return reader.result();
}

function missing(seq: number): string {
  return `entry ${seq} is neither in the archive nor in the log`;
}

class TailReader {
  /** Seq of the last record read. */
  after: number;
  private bytes = 0;
  private finished: boolean;
  private readonly epochs: EpochStart[];
  private readonly clients = new Map<number, { id: Uint8Array; seat: number; lastSeq: number }>();

  constructor({ room, epochs, clients }: LoadedRoom) {
    this.after = room.archived_upto;
    this.finished = room.finished_at !== null;
    this.epochs = [...epochs];
    for (const { number, client_id: id, seat, last_seq: lastSeq } of clients) {
      this.clients.set(number, { id, seat, lastSeq });
    }
  }

  /** Returns '' or what is wrong with the run. */
  add({ records }: Run): string {
    const reader = new Reader(records);
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (!record) return `the log holds bytes that are not a record after entry ${this.after}`;
      if (record.seq > this.after + 1) return missing(this.after + 1);
      // A run may begin with archived records.
      if (record.seq <= this.after) continue;
      this.after = record.seq;
      this.bytes += reader.at - start;
      this.apply(record);
    }
    return '';
  }

  result(): Tail {
    const clients = new ClientTable();
    for (const [number, { id, seat, lastSeq }] of this.clients) clients.restore(number, id, seat, lastSeq);
    const { epochs, bytes, finished } = this;
    return { clients, epochs, bytes, finished };
  }

  private apply({ kind, seq, seat, client, clientSeq, body }: LogRecord): void {
    if (kind === RecordKind.client) this.clients.set(client, { id: body.slice(), seat, lastSeq: 0 });
    if (kind === RecordKind.epoch) this.epochs.push({ epoch: new Reader(body).varint(), firstSeq: seq });
    if (kind === RecordKind.finish) this.finished = true;
    const sender = this.clients.get(client);
    if (sender && clientSeq > sender.lastSeq) sender.lastSeq = clientSeq;
  }
}
