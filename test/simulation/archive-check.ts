/**
 * Holds what the main database has of a room against what its log durably holds (rule 10): chunks, the
 * archive's head, clients, epochs, what is known of its play and end, and the job that follows from
 * it. Looks whenever a transaction that moved an archive was committed, before anybody can act on what
 * is wrong in it, and once more at the end of an evening.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { Reader } from '../../sdk/protocol/bytes.ts';
import { type LogRecord, readRecord, RecordKind } from '../../sdk/protocol/record.ts';
import { toHex } from '../../sdk/src/hex.ts';
import type { SimulatedDatabase } from './database.ts';
import type { Oracle } from './oracle.ts';
import { STARTS_AT } from './scheduler.ts';
import type { RoomTruth } from './durable-model.ts';

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

/** What follows from entries 1 to `upto` of a room. */
class Followed {
  upto = 0;
  epoch = 0;
  ms = 0;
  playedMs: number | null = null;
  finishedMs: number | null = null;
  readonly epochs: string[] = [];
  readonly #clients = new Map<number, { readonly who: string; lastSeq: number }>();

  get clients(): string[] {
    const sorted = [...this.#clients].toSorted(([left], [right]) => left - right);
    return sorted.map(([number, { who, lastSeq }]) => `${number} ${who} up to ${lastSeq}`);
  }

  take({ kind, seq, ms, seat, client, clientSeq, body }: LogRecord): void {
    this.upto = seq;
    this.ms = ms;
    if (kind === RecordKind.move) this.playedMs ??= ms;
    if (kind === RecordKind.finish) this.finishedMs ??= ms;
    if (kind === RecordKind.epoch) {
      this.epoch = new Reader(body).varint();
      this.epochs.push(`${this.epoch} from ${seq}`);
    }
    if (kind === RecordKind.client)
      this.#clients.set(client, { who: `${toHex(body)} of seat ${seat}`, lastSeq: 0 });
    const sender = this.#clients.get(client);
    if (sender && clientSeq > 0) sender.lastSeq = clientSeq;
  }
}

export class ArchiveCheck {
  readonly #oracle: Oracle;
  readonly #database: SimulatedDatabase;
  /** As far as each room's archive was looked at. */
  readonly #followed = new Map<string, Followed>();

  constructor(oracle: Oracle, database: SimulatedDatabase) {
    this.#oracle = oracle;
    this.#database = database;
  }

  /** The database is another one: nothing of it was looked at yet. */
  forget(): void {
    this.#followed.clear();
  }

  /** Answers up to where the room is archived. */
  look(room: string): number {
    const truth = this.#oracle.truth(room);
    const [archived] = this.#database.rows<Archived>(ARCHIVED, room);
    if (archived === undefined) throw new Error(`room ${room} is gone`);
    const { upto, quarantined } = archived;
    if (quarantined !== null) this.#note(room, `quarantined: ${quarantined}`);
    const followed = this.#followed.get(room) ?? new Followed();
    this.#followed.set(room, followed);
    if (upto < followed.upto) this.#note(room, `archived up to ${upto}, it was up to ${followed.upto}`);
    const end = this.#lookAtChunks(truth, followed.upto);
    if (end !== upto) this.#note(room, `archived up to ${upto}, chunks end at ${end}`);
    for (let seq = followed.upto + 1; seq <= upto; seq++) {
      const record = truth.entry(seq);
      if (record === null)
        return (this.#note(room, `archived up to ${upto}, the log ends at ${seq - 1}`), upto);
      followed.take(record);
    }
    this.#compare(room, archived, followed);
    return upto;
  }

  #note(room: string, what: string): void {
    this.#oracle.note(10, `${room}: ${what}`);
  }

  #same(room: string, what: string, found: string | number | null, expected: string | number | null): void {
    if (found !== expected) this.#note(room, `the archive has ${what} ${found}, the log ${expected}`);
  }

  #lines(query: string, room: string): string {
    return this.#database
      .rows<{ line: string }>(query, room)
      .map(({ line }) => line)
      .join(', ');
  }

  #compare(room: string, archived: Archived, followed: Followed): void {
    const wall = (ms: number | null) => (ms === null ? null : STARTS_AT + ms);
    this.#same(room, 'epoch', archived.epoch, followed.epoch);
    this.#same(room, 'time', archived.ms, followed.ms);
    this.#same(room, 'first move at', archived.played, wall(followed.playedMs));
    this.#same(room, 'finish at', archived.finished, wall(followed.finishedMs));
    this.#same(room, 'clients', this.#lines(CLIENTS, room), followed.clients.join(', '));
    this.#same(room, 'epochs', this.#lines(EPOCHS, room), followed.epochs.join(', '));
    const job = followed.finishedMs === null ? '' : `stats ${room}`;
    this.#same(room, 'jobs', this.#lines(JOBS, room), job);
  }

  /** Chunks behind entry `after`; answers where they end. */
  #lookAtChunks(truth: RoomTruth, after: number): number {
    const { room } = truth;
    let end = after;
    for (const { first, last, raw, crc, deflated } of this.#database.rows<Chunk>(CHUNKS, room, after)) {
      if (first !== end + 1) this.#note(room, `a chunk begins at ${first} after ${end}`);
      if (crc32(deflated) !== crc) this.#note(room, `chunk ${first}–${last} has another checksum`);
      const bytes = inflated(deflated);
      if (bytes === null) return (this.#note(room, `chunk ${first}–${last} cannot be inflated`), end);
      if (bytes.length !== raw)
        this.#note(room, `chunk ${first}–${last} has ${bytes.length} bytes, not ${raw}`);
      end = this.#readOn(truth, end, bytes);
      if (end !== last) return (this.#note(room, `chunk ${first}–${last} ends at ${end}`), end);
    }
    return end;
  }

  /** Records that follow entry `end`, each as it is in the log; answers where they end. */
  #readOn(truth: RoomTruth, end: number, bytes: Uint8Array): number {
    const reader = new Reader(bytes);
    let last = end;
    while (!reader.atEnd) {
      const start = reader.at;
      const record = readRecord(reader);
      if (record === null) return (this.#note(truth.room, `a chunk has bytes that are no record`), last);
      if (record.seq !== last + 1) this.#note(truth.room, `a chunk has ${record.seq} after ${last}`);
      last = record.seq;
      if (!truth.isEntry(last, bytes.subarray(start, reader.at)))
        this.#note(truth.room, `entry ${last} is archived otherwise than it is in the log`);
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
