/**
 * The entries in a commit's payload, concatenated. Each begins with its type (one byte). Integers are varints
 * (LEB128, up to 2^53 - 1); a *room* is the length of its name (one byte) and the name in ASCII.
 *
 *   1 fence     room, epoch, seq, ms, trimmed                        the room was opened with this head
 *   2 append    room, epoch, prevSeq, lastSeq - prevSeq, lastMs, length, records
 *   3 trim      room, upto                                           entries up to this seq are archived
 *   4 snapshot  oldest segment that is still needed                  begins a snapshot of all rooms
 *   5 room      room, epoch, seq, ms, trimmed                        a room of the snapshot
 *   6 moved     room, prevSeq, lastSeq - prevSeq, length, records    compaction: a run of an older segment,
 *                                                                    written again
 *
 * Rooms that a snapshot does not list are removed. A fence sets the room's head, also to a lower one: then the room
 * had been removed from the journal in between.
 */
import { VARINT_BYTES_MAX, writeVarint } from '../../../../sdk/protocol/bytes.ts';
import type { RoomNames } from './room-names.ts';

export const EntryType = { fence: 1, append: 2, trim: 3, snapshot: 4, room: 5, moved: 6 } as const;

/** Head, epoch and trim position of a room, as in fence and room entries. */
export interface RoomState {
  readonly epoch: number;
  readonly seq: number;
  readonly ms: number;
  readonly trimmed: number;
}

export interface AppendEntry {
  readonly epoch: number;
  readonly prevSeq: number;
  readonly lastSeq: number;
  readonly lastMs: number;
  readonly records: Uint8Array;
}

/** Reused for the next entry: only valid during the visit. */
export interface DecodedRun {
  readonly prevSeq: number;
  readonly lastSeq: number;
  /** The records are the bytes from `start` to `end` (exclusive) of `payload`. */
  readonly payload: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface DecodedAppend extends DecodedRun {
  readonly epoch: number;
  readonly lastMs: number;
}

/** Called for each entry of a payload, in order. Returning false = the entry is invalid: reading stops. */
export interface EntryVisitor {
  fence(room: string, state: RoomState): boolean;
  append(room: string, entry: DecodedAppend): boolean;
  trim(room: string, upto: number): boolean;
  snapshot(oldestSegment: number): boolean;
  room(room: string, state: RoomState): boolean;
  moved(room: string, run: DecodedRun): boolean;
}

/** 1 to 64 printable ASCII characters without space; written to the file unchanged. */
export function isRoomName(room: string): boolean {
  return /^[!-~]{1,64}$/.test(room);
}

/** Upper bounds of encoded lengths: every varint is counted with its maximum length. */
export function roomStateLengthMax(room: string): number {
  return 2 + room.length + 4 * VARINT_BYTES_MAX;
}

export function appendLengthMax(room: string, records: Uint8Array): number {
  return 2 + room.length + 5 * VARINT_BYTES_MAX + records.length;
}

export function movedLengthMax(room: string, bytes: number): number {
  return 2 + room.length + 3 * VARINT_BYTES_MAX + bytes;
}

export function trimLengthMax(room: string): number {
  return 2 + room.length + VARINT_BYTES_MAX;
}

export const SNAPSHOT_LENGTH_MAX = 1 + VARINT_BYTES_MAX;

export function writeRoomState(
  out: Uint8Array,
  at: number,
  type: typeof EntryType.fence | typeof EntryType.room,
  room: string,
  state: RoomState,
): number {
  let position = writeName(out, at, type, room);
  position = writeVarint(out, position, state.epoch);
  position = writeVarint(out, position, state.seq);
  position = writeVarint(out, position, state.ms);
  return writeVarint(out, position, state.trimmed);
}

export function writeAppend(out: Uint8Array, at: number, room: string, entry: AppendEntry): number {
  let position = writeName(out, at, EntryType.append, room);
  position = writeVarint(out, position, entry.epoch);
  position = writeVarint(out, position, entry.prevSeq);
  position = writeVarint(out, position, entry.lastSeq - entry.prevSeq);
  position = writeVarint(out, position, entry.lastMs);
  position = writeVarint(out, position, entry.records.length);
  out.set(entry.records, position);
  return position + entry.records.length;
}

export function writeMoved(
  out: Uint8Array,
  at: number,
  room: string,
  run: { readonly first: number; readonly last: number; readonly records: Uint8Array },
): number {
  let position = writeName(out, at, EntryType.moved, room);
  position = writeVarint(out, position, run.first - 1);
  position = writeVarint(out, position, run.last - run.first + 1);
  position = writeVarint(out, position, run.records.length);
  out.set(run.records, position);
  return position + run.records.length;
}

export function writeTrim(out: Uint8Array, at: number, room: string, upto: number): number {
  return writeVarint(out, writeName(out, at, EntryType.trim, room), upto);
}

export function writeSnapshot(out: Uint8Array, at: number, oldestSegment: number): number {
  out[at] = EntryType.snapshot;
  return writeVarint(out, at + 1, oldestSegment);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Decodes payloads. It allocates little, because recovery reads millions of entries. */
export class EntryReader {
  private readonly names: RoomNames;
  private payload: Uint8Array = new Uint8Array(0);
  private at = 0;
  private malformed = false;
  /** Reused for every entry. */
  private readonly run: Mutable<DecodedAppend> = {
    epoch: 0,
    prevSeq: 0,
    lastSeq: 0,
    lastMs: 0,
    payload: Buffer.alloc(0),
    start: 0,
    end: 0,
  };

  constructor(names: RoomNames) {
    this.names = names;
  }

  /** Reads all entries of a payload. false = it is malformed, or the visitor returned false. */
  read(payload: Uint8Array, visitor: EntryVisitor): boolean {
    this.payload = payload;
    this.run.payload = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.at = 0;
    this.malformed = false;
    while (this.at < payload.length) if (!this.readEntry(visitor)) return false;
    return true;
  }

  private readEntry(visitor: EntryVisitor): boolean {
    const type = this.readByte();
    if (type === EntryType.snapshot) {
      const oldestSegment = this.readVarint();
      return !this.malformed && visitor.snapshot(oldestSegment);
    }
    const room = this.readName();
    switch (type) {
      case EntryType.append:
        return this.readAppend(room, visitor);
      case EntryType.moved:
        return this.readMoved(this.readVarint()) && visitor.moved(room, this.run);
      case EntryType.trim: {
        const upto = this.readVarint();
        return !this.malformed && visitor.trim(room, upto);
      }
      case EntryType.fence:
      case EntryType.room: {
        const state = {
          epoch: this.readVarint(),
          seq: this.readVarint(),
          ms: this.readVarint(),
          trimmed: this.readVarint(),
        };
        if (this.malformed || state.trimmed > state.seq) return false;
        return type === EntryType.fence ? visitor.fence(room, state) : visitor.room(room, state);
      }
      default:
        return false;
    }
  }

  private readAppend(room: string, visitor: EntryVisitor): boolean {
    const run = this.run;
    run.epoch = this.readVarint();
    const prevSeq = this.readVarint();
    run.lastSeq = prevSeq + this.readVarint();
    run.prevSeq = prevSeq;
    run.lastMs = this.readVarint();
    return this.readRecords() && run.lastSeq > prevSeq && visitor.append(room, run);
  }

  private readMoved(prevSeq: number): boolean {
    const run = this.run;
    run.prevSeq = prevSeq;
    run.lastSeq = prevSeq + this.readVarint();
    return this.readRecords() && run.lastSeq > prevSeq;
  }

  private readRecords(): boolean {
    const run = this.run;
    const length = this.readVarint();
    run.start = this.at;
    run.end = this.at += length;
    if (this.at > this.payload.length) this.malformed = true;
    return !this.malformed;
  }

  private readName(): string {
    const length = this.readByte();
    const start = this.at;
    this.at += length;
    if (this.malformed || this.at > this.payload.length) {
      this.malformed = true;
      return '';
    }
    return this.names.at(this.payload, start, length);
  }

  private readByte(): number {
    const byte = this.payload[this.at++];
    if (byte !== undefined) return byte;
    this.malformed = true;
    return 0;
  }

  private readVarint(): number {
    const payload = this.payload;
    let at = this.at;
    let value = 0;
    let factor = 1;
    for (let read = 0; read < VARINT_BYTES_MAX; read++) {
      const byte = payload[at++];
      if (byte === undefined) break;
      if (byte < 128) {
        value += byte * factor;
        if (value > Number.MAX_SAFE_INTEGER) break;
        this.at = at;
        return value;
      }
      value += (byte & 127) * factor;
      factor *= 128;
    }
    this.malformed = true;
    return 0;
  }
}

function writeName(out: Uint8Array, at: number, type: number, room: string): number {
  const length = room.length;
  out[at] = type;
  out[at + 1] = length;
  for (let index = 0; index < length; index++) out[at + 2 + index] = room.charCodeAt(index);
  return at + 2 + length;
}
