/**
 * The record: one entry of a room's log, in one encoding for frame, journal, memory and chunk.
 *
 *   byte    1, the version of this encoding
 *   byte    kind in the low 5 bits; 0x20 the body may be personal; 0x40 extra fields follow; 0x80 must be 0
 *   varint  seq            1, 2, 3 … in the room
 *   varint  ms             milliseconds since the room began, by the server's clock, never back
 *   varint  seat           0 = the studio or the server itself
 *   varint  client         the client's number in the room; 0 = none
 *   varint  client seq     1, 2, 3 … per client; 0 = none
 *   varint  extra length, then so many bytes   only with flag 0x40; readers that do not know them skip them
 *   varint  body length, then so many bytes
 *
 * A record says where it ends, so records stand one after another without anything between.
 * Once written it is readable for ever: a new version is a new first byte.
 */
import { type Reader, varintLength, writeVarint } from './bytes.ts';

export const RECORD_VERSION = 1;

/** Kinds below 16 are read by the server; kinds from 16 on only by the players' pages. */
export const RecordKind = {
  /** Entry 1: what is needed to replay the room from its log and its rules alone (JSON body). */
  open: 1,
  /** A process opened the room; body: varint epoch. */
  epoch: 2,
  /** A seat was taken, given up or claimed; header seat says which; body: one byte, 1 taken, 0 given up. */
  seat: 3,
  /** A client sends for the first time; header client is its number; body: its 16-byte id. */
  client: 4,
  /** The game is over; sent by a page whose state says so. The first one counts. */
  finish: 5,
  pause: 6,
  resume: 7,
  /** A word of the studio to the players (UTF-8 body). */
  notice: 8,
  /** A move of the game: JSON for the rules' `apply`. */
  move: 16,
  /** A chat line: personal. */
  chat: 17,
  /** An edit of the shared notepad: personal. */
  note: 18,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** The kinds that a player's page may send. */
export const SENDABLE: ReadonlySet<number> = new Set([
  RecordKind.finish,
  RecordKind.pause,
  RecordKind.resume,
  RecordKind.move,
  RecordKind.chat,
  RecordKind.note,
]);

/** The kinds whose bodies may be erased on request; no state may depend on them. */
export const PERSONAL: ReadonlySet<number> = new Set([RecordKind.chat, RecordKind.note]);

const KIND_BITS = 0x1f;
const PERSONAL_FLAG = 0x20;
const EXTRA_FLAG = 0x40;
const RESERVED_FLAG = 0x80;

export interface RecordHeader {
  kind: number;
  seq: number;
  ms: number;
  seat: number;
  client: number;
  clientSeq: number;
}

export interface LogRecord extends RecordHeader {
  /** A view into the bytes it was read from. */
  body: Uint8Array;
}

/** The exact size in bytes of the record that `encodeRecord` would write. */
export function recordLength(header: RecordHeader, bodyLength: number): number {
  return (
    2 +
    varintLength(header.seq) +
    varintLength(header.ms) +
    varintLength(header.seat) +
    varintLength(header.client) +
    varintLength(header.clientSeq) +
    varintLength(bodyLength) +
    bodyLength
  );
}

/** Writes one record at `at`, returns the offset behind it. `out` must have `recordLength` bytes left. */
export function encodeRecord(out: Uint8Array, at: number, header: RecordHeader, body: Uint8Array): number {
  out[at] = RECORD_VERSION;
  out[at + 1] = header.kind | (PERSONAL.has(header.kind) ? PERSONAL_FLAG : 0);
  let position = writeVarint(out, at + 2, header.seq);
  position = writeVarint(out, position, header.ms);
  position = writeVarint(out, position, header.seat);
  position = writeVarint(out, position, header.client);
  position = writeVarint(out, position, header.clientSeq);
  position = writeVarint(out, position, body.length);
  out.set(body, position);
  return position + body.length;
}

/** Reads the record at the reader's place; null (and a bad reader) when the bytes are no record. */
export function readRecord(reader: Reader): LogRecord | null {
  if (reader.byte() !== RECORD_VERSION) {
    reader.bad = true;
    return null;
  }
  const flags = reader.byte();
  const record: LogRecord = {
    kind: flags & KIND_BITS,
    seq: reader.varint(),
    ms: reader.varint(),
    seat: reader.varint(),
    client: reader.varint(),
    clientSeq: reader.varint(),
    body: reader.bytes,
  };
  if (flags & EXTRA_FLAG) reader.take(reader.varint());
  record.body = reader.take(reader.varint());
  if (flags & RESERVED_FLAG) reader.bad = true;
  return reader.bad ? null : record;
}
