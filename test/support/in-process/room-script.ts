/** Builds a room's log for tests, record by record, as the room server would write it. */
import { Reader, Writer } from '../../../sdk/protocol/bytes.ts';
import {
  type LogRecord,
  RecordKind,
  encodeRecord,
  readRecord,
  recordLength,
} from '../../../sdk/protocol/record.ts';

/** Clients 1, 2, 3 … have the seats 2, 3, 4, 1, 2 … */
const SEATS = 4;

export class RoomScript {
  readonly records: LogRecord[] = [];
  private ms = 0;
  private epoch: number;
  /** Last client seq by client number - 1. */
  private readonly lastClientSeqs: number[] = [];

  /** Adds the `open` record and the first `epoch` record. */
  constructor(firstEpoch = 1_001) {
    this.epoch = firstEpoch - 1;
    this.add(RecordKind.open, new TextEncoder().encode('{}'));
    this.newEpoch();
  }

  newEpoch(epoch = this.epoch + 1): void {
    this.epoch = epoch;
    this.add(RecordKind.epoch, new Writer().varint(epoch).done());
  }

  newClient(): void {
    const number = this.lastClientSeqs.push(0);
    this.add(RecordKind.client, clientId(number), { seat: (number % SEATS) + 1, client: number });
  }

  /** Adds a message of an existing client; the first call also adds the first client. */
  send(kind: number, of = 0, size = 10): void {
    if (this.lastClientSeqs.length === 0) this.newClient();
    const index = of % this.lastClientSeqs.length;
    const clientSeq = (this.lastClientSeqs[index] ?? 0) + 1;
    this.lastClientSeqs[index] = clientSeq;
    const client = index + 1;
    const body = new Uint8Array(size).fill(clientSeq);
    this.add(kind, body, { seat: (client % SEATS) + 1, client, clientSeq });
  }

  wait(ms: number): void {
    this.ms += ms;
  }

  private add(kind: number, body: Uint8Array, from: Partial<LogRecord> = {}): void {
    const seq = this.records.length + 1;
    this.records.push({ kind, seq, ms: this.ms, seat: 0, client: 0, clientSeq: 0, body, ...from });
  }
}

/** The client id for a number: 16 times that byte. */
export function clientId(number: number): Uint8Array {
  return new Uint8Array(16).fill(number);
}

export function encodeRecords(records: readonly LogRecord[]): Uint8Array {
  const out = new Uint8Array(records.reduce((sum, each) => sum + recordLength(each, each.body.length), 0));
  let at = 0;
  for (const record of records) at = encodeRecord(out, at, record, record.body);
  return out;
}

export function decodeRecords(bytes: Uint8Array): LogRecord[] {
  const reader = new Reader(bytes);
  const records: LogRecord[] = [];
  while (!reader.atEnd) {
    const record = readRecord(reader);
    if (!record) throw new Error(`no record at ${reader.at}`);
    records.push(record);
  }
  return records;
}
