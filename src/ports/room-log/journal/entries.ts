/**
 * What stands in a commit's payload: entries one after another. Integers are varints (LEB128, up to
 * 2^53 - 1); a *room* is its name's length (one byte) and the name in ASCII.
 *
 *   1 fence    room, epoch, seq, ms, trimmed                         the room was opened on this head
 *   2 append   room, epoch, prevSeq, lastSeq - prevSeq, lastMs, length, records
 *   3 trim     room, upto                                            the archive has everything up to there
 *   4 base     oldest segment that is still needed                   begins a snapshot: forget all rooms
 *   5 room     room, epoch, seq, ms, trimmed                         a room of the snapshot
 *   6 moved    room, prevSeq, lastSeq - prevSeq, length, records     an append of an older segment again,
 *                                                                    which then is not needed for it
 *
 * A fence decides alone: a head below what was there means that the room had been forgotten.
 */
import { VARINT_BYTES_MAX, writeVarint } from '../../../../sdk/protocol/bytes.ts';
import type { RoomNames } from './room-names.ts';

export const EntryType = { fence: 1, append: 2, trim: 3, base: 4, room: 5, moved: 6 } as const;

/** A room's place in the log, as fences and snapshots write it. */
export interface RoomMark {
  readonly epoch: number;
  readonly seq: number;
  readonly ms: number;
  readonly trimmed: number;
}

export interface AppendMark {
  readonly epoch: number;
  readonly prevSeq: number;
  readonly lastSeq: number;
  readonly lastMs: number;
  readonly records: Uint8Array;
}

/** A run of records as it was read: only valid during the visit. */
export interface ReadRun {
  readonly prevSeq: number;
  readonly lastSeq: number;
  /** Where the records stand: from `start` to before `end`. */
  readonly payload: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface ReadAppend extends ReadRun {
  readonly epoch: number;
  readonly lastMs: number;
}

/** What a payload says, entry by entry. An answer of false: this cannot be; reading stops. */
export interface EntryVisitor {
  fence(room: string, mark: RoomMark): boolean;
  append(room: string, entry: ReadAppend): boolean;
  trim(room: string, upto: number): boolean;
  base(oldestSegment: number): boolean;
  room(room: string, mark: RoomMark): boolean;
  moved(room: string, run: ReadRun): boolean;
}

/** Names go into the file as they are: 1 to 64 printable ASCII characters. */
export function isRoomName(room: string): boolean {
  return /^[!-~]{1,64}$/.test(room);
}

/** Upper bounds, quick to have: every number is taken to be as long as numbers get. */
export function markLengthMax(room: string): number {
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

export const BASE_LENGTH_MAX = 1 + VARINT_BYTES_MAX;

export function writeMark(
  out: Uint8Array,
  at: number,
  type: typeof EntryType.fence | typeof EntryType.room,
  room: string,
  mark: RoomMark,
): number {
  let position = writeName(out, at, type, room);
  position = writeVarint(out, position, mark.epoch);
  position = writeVarint(out, position, mark.seq);
  position = writeVarint(out, position, mark.ms);
  return writeVarint(out, position, mark.trimmed);
}

export function writeAppend(out: Uint8Array, at: number, room: string, entry: AppendMark): number {
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

export function writeBase(out: Uint8Array, at: number, oldestSegment: number): number {
  out[at] = EntryType.base;
  return writeVarint(out, at + 1, oldestSegment);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads payloads entry by entry; made for millions of entries in a row. */
export class EntryReader {
  readonly #names: RoomNames;
  #payload: Uint8Array = new Uint8Array(0);
  #at = 0;
  #bad = false;
  /** Used again for every entry. */
  readonly #run: Mutable<ReadAppend> = {
    epoch: 0,
    prevSeq: 0,
    lastSeq: 0,
    lastMs: 0,
    payload: Buffer.alloc(0),
    start: 0,
    end: 0,
  };

  constructor(names: RoomNames) {
    this.#names = names;
  }

  /** Reads all entries of a payload; false if it is not one, or if the visitor said so. */
  read(payload: Uint8Array, visitor: EntryVisitor): boolean {
    this.#payload = payload;
    this.#run.payload = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#at = 0;
    this.#bad = false;
    while (this.#at < payload.length) if (!this.#entry(visitor)) return false;
    return true;
  }

  #entry(visitor: EntryVisitor): boolean {
    const type = this.#byte();
    if (type === EntryType.base) {
      const oldest = this.#varint();
      return !this.#bad && visitor.base(oldest);
    }
    const room = this.#name();
    switch (type) {
      case EntryType.append:
        return this.#append(room, visitor);
      case EntryType.moved:
        return this.#records(this.#varint()) && visitor.moved(room, this.#run);
      case EntryType.trim: {
        const upto = this.#varint();
        return !this.#bad && visitor.trim(room, upto);
      }
      case EntryType.fence:
      case EntryType.room: {
        const mark = {
          epoch: this.#varint(),
          seq: this.#varint(),
          ms: this.#varint(),
          trimmed: this.#varint(),
        };
        if (this.#bad || mark.trimmed > mark.seq) return false;
        return type === EntryType.fence ? visitor.fence(room, mark) : visitor.room(room, mark);
      }
      default:
        return false;
    }
  }

  #append(room: string, visitor: EntryVisitor): boolean {
    const run = this.#run;
    run.epoch = this.#varint();
    const prevSeq = this.#varint();
    run.lastSeq = prevSeq + this.#varint();
    run.prevSeq = prevSeq;
    run.lastMs = this.#varint();
    return this.#take() && run.lastSeq > prevSeq && visitor.append(room, run);
  }

  /** The rest of an entry `moved`. */
  #records(prevSeq: number): boolean {
    const run = this.#run;
    run.prevSeq = prevSeq;
    run.lastSeq = prevSeq + this.#varint();
    return this.#take() && run.lastSeq > prevSeq;
  }

  #take(): boolean {
    const run = this.#run;
    const length = this.#varint();
    run.start = this.#at;
    run.end = this.#at += length;
    if (this.#at > this.#payload.length) this.#bad = true;
    return !this.#bad;
  }

  #name(): string {
    const length = this.#byte();
    const start = this.#at;
    this.#at += length;
    if (this.#bad || this.#at > this.#payload.length) {
      this.#bad = true;
      return '';
    }
    return this.#names.at(this.#payload, start, length);
  }

  #byte(): number {
    const byte = this.#payload[this.#at++];
    if (byte !== undefined) return byte;
    this.#bad = true;
    return 0;
  }

  #varint(): number {
    const payload = this.#payload;
    let at = this.#at;
    let value = 0;
    let factor = 1;
    for (let read = 0; read < VARINT_BYTES_MAX; read++) {
      const byte = payload[at++];
      if (byte === undefined) break;
      if (byte < 128) {
        value += byte * factor;
        if (value > Number.MAX_SAFE_INTEGER) break;
        this.#at = at;
        return value;
      }
      value += (byte & 127) * factor;
      factor *= 128;
    }
    this.#bad = true;
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
