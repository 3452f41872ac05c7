/** A room's log for tests, record by record, as the room server would write it. */
import { Reader, Writer } from '../../../sdk/protocol/bytes.ts';
import {
  type LogRecord,
  RecordKind,
  encodeRecord,
  readRecord,
  recordLength,
} from '../../../sdk/protocol/record.ts';

/** Seats of a script's clients go 2, 3, 4, 1, 2 … */
const SEATS = 4;

export class RoomScript {
  readonly records: LogRecord[] = [];
  private ms = 0;
  private epoch: number;
  /** Last client seq by client number - 1. */
  private readonly said: number[] = [];

  /** Begins with the `open` record and the one of the first epoch. */
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
    const number = this.said.push(0);
    this.add(RecordKind.client, clientId(number), { seat: (number % SEATS) + 1, client: number });
  }

  /** A message of one of the clients there are; the first one brings the first client. */
  say(kind: number, of = 0, size = 10): void {
    if (this.said.length === 0) this.newClient();
    const index = of % this.said.length;
    const clientSeq = (this.said[index] ?? 0) + 1;
    this.said[index] = clientSeq;
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

/** The id of a script's client. */
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
