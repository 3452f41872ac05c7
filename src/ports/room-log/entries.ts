/**
 * What stands in a commit's payload: entries one after another. Integers are varints (LEB128, up to
 * 2^53 - 1); a *room* is its name's length (one byte) and the name in ASCII.
 *
 *   1 fence    room, epoch, seq, ms, trimmed                         the room was opened on this head
 *   2 append   room, epoch, prevSeq, lastSeq - prevSeq, lastMs, length, records
 *   3 trim     room, upto                                            the archive has everything up to there
 *   4 base     oldest segment that is still needed                   begins a snapshot: forget all rooms
 *   5 room     room, epoch, seq, ms, trimmed                         a room of the snapshot
 *
 * A fence decides alone: a head below what was there means that the room had been forgotten.
 */
import { Reader, VARINT_BYTES_MAX, writeVarint } from '../../../sdk/protocol/bytes.ts';

export const EntryType = { fence: 1, append: 2, trim: 3, base: 4, room: 5 } as const;

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

/** What a payload says, entry by entry. An answer of false: this cannot be; reading stops. */
export interface EntryVisitor {
  fence(room: string, mark: RoomMark): boolean;
  append(room: string, entry: AppendMark): boolean;
  trim(room: string, upto: number): boolean;
  base(oldestSegment: number): boolean;
  room(room: string, mark: RoomMark): boolean;
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

export function writeTrim(out: Uint8Array, at: number, room: string, upto: number): number {
  return writeVarint(out, writeName(out, at, EntryType.trim, room), upto);
}

export function writeBase(out: Uint8Array, at: number, oldestSegment: number): number {
  out[at] = EntryType.base;
  return writeVarint(out, at + 1, oldestSegment);
}

/** Reads all entries of a payload; false if it is not one, or if the visitor said so. */
export function readEntries(payload: Uint8Array, visitor: EntryVisitor): boolean {
  const reader = new Reader(payload);
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  while (!reader.atEnd) if (!readEntry(reader, text, visitor)) return false;
  return !reader.bad;
}

function readEntry(reader: Reader, text: Buffer, visitor: EntryVisitor): boolean {
  const type = reader.byte();
  if (type === EntryType.base) {
    const oldest = reader.varint();
    return !reader.bad && visitor.base(oldest);
  }
  const room = readName(reader, text);
  if (type === EntryType.append) return readAppend(reader, room, visitor);
  if (type === EntryType.trim) {
    const upto = reader.varint();
    return !reader.bad && visitor.trim(room, upto);
  }
  if (type !== EntryType.fence && type !== EntryType.room) return false;
  const mark = {
    epoch: reader.varint(),
    seq: reader.varint(),
    ms: reader.varint(),
    trimmed: reader.varint(),
  };
  if (reader.bad || mark.trimmed > mark.seq) return false;
  return type === EntryType.fence ? visitor.fence(room, mark) : visitor.room(room, mark);
}

function readAppend(reader: Reader, room: string, visitor: EntryVisitor): boolean {
  const epoch = reader.varint();
  const prevSeq = reader.varint();
  const lastSeq = prevSeq + reader.varint();
  const lastMs = reader.varint();
  const records = reader.take(reader.varint());
  if (reader.bad || lastSeq <= prevSeq) return false;
  return visitor.append(room, { epoch, prevSeq, lastSeq, lastMs, records });
}

function writeName(out: Uint8Array, at: number, type: number, room: string): number {
  const length = room.length;
  out[at] = type;
  out[at + 1] = length;
  for (let index = 0; index < length; index++) out[at + 2 + index] = room.charCodeAt(index);
  return at + 2 + length;
}

/** A start reads millions of names: they become strings without a view or a piece in between. */
function readName(reader: Reader, text: Buffer): string {
  const length = reader.byte();
  const start = reader.at;
  if (start + length > text.length) reader.bad = true;
  else reader.at = start + length;
  return reader.bad ? '' : text.toString('latin1', start, start + length);
}
