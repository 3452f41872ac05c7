/**
 * Compares what the main database has of a room with what its log durably holds (I10): chunks, the
 * archive's head, clients, epochs, first move and finish, and the stats job. Runs after each commit that
 * moved an archive, before anybody can act on it, and once more at the end of a run.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { Reader } from '../../sdk/protocol/bytes.ts';
import { type LogRecord, readRecord, RecordKind } from '../../sdk/protocol/record.ts';
import { toHex } from '../../sdk/src/hex.ts';
import type { SimulatedDatabase } from './database.ts';
import type { Oracle } from './oracle.ts';
import { STARTS_AT } from './scheduler.ts';
import type { DurableModel } from './durable-model.ts';

interface Chunk {
  readonly first: number;
  readonly last: number;
  readonly raw: number;
  readonly crc: number;
  readonly deflated: Uint8Array;
}

interface Archived {
  readonly upto: number;
  readonly epoch: number;
  readonly ms: number;
  readonly finished: number | null;
  readonly played: number | null;
  readonly quarantined: string | null;
}

const ARCHIVED = `select archived_upto as upto, archived_epoch as epoch, archived_ms as ms, finished_at as finished,
  first_played_at as played, quarantined from rooms join entitlements on entitlements.id = entitlement where rooms.id = ?`;
const CHUNKS = `select first_seq as first, last_seq as last, raw_bytes as raw, crc, deflated from chunks
  where room = ? and last_seq > ? order by last_seq`;
const CLIENTS = `select number || ' ' || lower(hex(client_id)) || ' of seat ' || seat || ' up to ' || last_seq as line
  from room_clients where room = ? order by number`;
const EPOCHS = `select epoch || ' from ' || first_seq as line from room_epochs where room = ? order by epoch`;
const JOBS = `select kind || ' ' || key as line from jobs where json_extract(payload, '$.room') = ? order by id`;

/** What the main database must have of a room after entries 1 to `upto`. */
class ArchivedState {
  upto = 0;
  epoch = 0;
  ms = 0;
  playedMs: number | null = null;
  finishedMs: number | null = null;
  readonly epochs: string[] = [];
  private readonly senders = new Map<number, { readonly who: string; lastSeq: number }>();

  get clients(): string[] {
    const sorted = [...this.senders].toSorted(([left], [right]) => left - right);
    return sorted.map(([number, { who, lastSeq }]) => `${number} ${who} up to ${lastSeq}`);
  }

  apply({ kind, seq, ms, seat, client, clientSeq, body }: LogRecord): void {
    this.upto = seq;
    this.ms = ms;
    if (kind === RecordKind.move) this.playedMs ??= ms;
    if (kind === RecordKind.finish) this.finishedMs ??= ms;
    if (kind === RecordKind.epoch) {
      this.epoch = new Reader(body).varint();
      this.epochs.push(`${this.epoch} from ${seq}`);
    }
    if (kind === RecordKind.client)
      this.senders.set(client, { who: `${toHex(body)} of seat ${seat}`, lastSeq: 0 });
    const sender = this.senders.get(client);
    if (sender && clientSeq > 0) sender.lastSeq = clientSeq;
  }
}

export class ArchiveCheck {
  private readonly oracle: Oracle;
  private readonly database: SimulatedDatabase;
  /** Room → what was checked so far. */
  private readonly states = new Map<string, ArchivedState>();

  constructor(oracle: Oracle, database: SimulatedDatabase) {
    this.oracle = oracle;
    this.database = database;
  }

  /** Starts from the beginning, for a restored database. */
  reset(): void {
    this.states.clear();
  }

  /** Returns the seq up to which the room is archived. */
  check(room: string): number {
    const model = this.oracle.model(room);
    const [archived] = this.database.query<Archived>(ARCHIVED, room);
    if (archived === undefined) throw new Error(`room ${room} is gone`);
    const { upto, quarantined } = archived;
    if (quarantined !== null) this.report(room, `quarantined: ${quarantined}`);
    const followed = this.states.get(room) ?? new ArchivedState();
    this.states.set(room, followed);
    if (upto < followed.upto) this.report(room, `archived up to ${upto}, it was up to ${followed.upto}`);
    const end = this.checkChunks(model, followed.upto);
    if (end !== upto) this.report(room, `archived up to ${upto}, chunks end at ${end}`);
    for (let seq = followed.upto + 1; seq <= upto; seq++) {
      const record = model.entry(seq);
      if (record === null)
        return (this.report(room, `archived up to ${upto}, the log ends at ${seq - 1}`), upto);
      followed.apply(record);
    }
    this.compare(room, archived, followed);
    return upto;
  }

  private report(room: string, what: string): void {
    this.oracle.report('I10', `${room}: ${what}`);
  }

  private expectSame(
    room: string,
    what: string,
    found: string | number | null,
    expected: string | number | null,
  ): void {
    if (found !== expected) this.report(room, `the archive has ${what} ${found}, the log ${expected}`);
  }

  private lines(query: string, room: string): string {
    return this.database
      .query<{ line: string }>(query, room)
      .map(({ line }) => line)
      .join(', ');
  }

  private compare(room: string, archived: Archived, followed: ArchivedState): void {
    const wall = (ms: number | null) => (ms === null ? null : STARTS_AT + ms);
    this.expectSame(room, 'epoch', archived.epoch, followed.epoch);
    this.expectSame(room, 'time', archived.ms, followed.ms);
    this.expectSame(room, 'first move at', archived.played, wall(followed.playedMs));
    this.expectSame(room, 'finish at', archived.finished, wall(followed.finishedMs));
    this.expectSame(room, 'clients', this.lines(CLIENTS, room), followed.clients.join(', '));
    this.expectSame(room, 'epochs', this.lines(EPOCHS, room), followed.epochs.join(', '));
    const job = followed.finishedMs === null ? '' : `stats ${room}`;
    this.expectSame(room, 'jobs', this.lines(JOBS, room), job);
  }

  /** Checks the chunks after entry `after`; returns the seq at which they end. */
  private checkChunks(model: DurableModel, after: number): number {
    const { room } = model;
    let end = after;
    for (const { first, last, raw, crc, deflated } of this.database.query<Chunk>(CHUNKS, room, after)) {
      if (first !== end + 1) this.report(room, `a chunk begins at ${first} after ${end}`);
      if (crc32(deflated) !== crc) this.report(room, `chunk ${first}–${last} has another checksum`);
      const bytes = inflated(deflated);
      if (bytes === null) return (this.report(room, `chunk ${first}–${last} cannot be inflated`), end);
      if (bytes.length !== raw)
        this.report(room, `chunk ${first}–${last} has ${bytes.length} bytes, not ${raw}`);
      end = this.checkRecords(model, end, bytes);
      if (end !== last) return (this.report(room, `chunk ${first}–${last} ends at ${end}`), end);
    }
    return end;
  }

  /** Checks that the records continue after entry `end` and are those of the log; returns the last seq. */
  private checkRecords(model: DurableModel, end: number, bytes: Uint8Array): number {
    const reader = new Reader(bytes);
    let last = end;
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (record === null) return (this.report(model.room, `a chunk has bytes that are no record`), last);
      if (record.seq !== last + 1) this.report(model.room, `a chunk has ${record.seq} after ${last}`);
      last = record.seq;
      if (!model.isEntry(last, bytes.subarray(start, reader.at)))
        this.report(model.room, `entry ${last} is archived differently from the log`);
    }
    return last;
  }
}

function inflated(deflated: Uint8Array): Uint8Array | null {
  try {
    return inflateRawSync(deflated);
  } catch {
    return null;
  }
}
