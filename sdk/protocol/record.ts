/**
 * The record: one entry of a room's log. Frames, journal, memory and archive use the same encoding:
 *
 *   byte    1, the version of this encoding
 *   byte    bits 0–4 kind; 0x20 the body may be personal; 0x40 extra fields follow; 0x80 must be 0
 *   varint  seq            1, 2, 3 … in the room
 *   varint  ms             milliseconds since the room began, by the server's clock; never decreases
 *   varint  seat           0 = the studio or the server
 *   varint  client         the client's number in the room; 0 = none
 *   varint  client seq     1, 2, 3 … per client; 0 = none
 *   bytes   extra fields   only with flag 0x40: varint length, then the bytes; unknown ones are skipped
 *   bytes   body           varint length, then the bytes
 *
 * A record contains its own length, so records are concatenated without separators. Every version
 * stays readable: a new encoding gets a new first byte.
 */
import { type Reader, varintLength, writeVarint } from './bytes.ts';
import { PERSONAL_KINDS } from './kind-sets.ts';

export { PERSONAL_KINDS, SENDABLE_KINDS } from './kind-sets.ts';
export { RecordKind } from './kind.ts';

export const RECORD_VERSION = 1;

const KIND_BITS = 0x1f;
const PERSONAL_FLAG = 0x20;
const EXTRA_FLAG = 0x40;
const RESERVED_FLAG = 0x80;
const NO_BODY = new Uint8Array();
/** Bodies up to this length are copied in a loop. Compared with `subarray` and `set`, 64 bytes take a third of the time, 135 the same. */
const LOOP_BYTES_MAX = 160;

export interface RecordHeader {
  kind: number;
  seq: number;
  ms: number;
  seat: number;
  client: number;
  clientSeq: number;
}

export interface LogRecord extends RecordHeader {
  /** A view of the bytes it was read from. */
  body: Uint8Array;
}

/** Length in bytes of the record that `encodeRecord` writes. */
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

/**
 * Writes one record at offset `at` and returns the offset after it. `out` must have `recordLength` bytes
 * left. The body is `bytes` from offset `from` on: for a move, the server passes the received frame.
 */
export function encodeRecord(
  out: Uint8Array,
  at: number,
  header: RecordHeader,
  bytes: Uint8Array,
  from = 0,
): number {
  const length = bytes.length - from;
  out[at] = RECORD_VERSION;
  out[at + 1] = header.kind | (PERSONAL_KINDS.has(header.kind) ? PERSONAL_FLAG : 0);
  let position = writeVarint(out, at + 2, header.seq);
  position = writeVarint(out, position, header.ms);
  position = writeVarint(out, position, header.seat);
  position = writeVarint(out, position, header.client);
  position = writeVarint(out, position, header.clientSeq);
  position = writeVarint(out, position, length);
  if (from === 0) out.set(bytes, position);
  else if (length > LOOP_BYTES_MAX) out.set(bytes.subarray(from), position);
  else for (let index = 0; index < length; index++) out[position + index] = bytes[from + index]!;
  return position + length;
}

/** Reads the record at the reader's offset. Returns null and sets `reader.failed` if it is malformed. */
export function readRecord(reader: Reader): LogRecord | null {
  const version = reader.byte();
  const flags = reader.byte();
  const record: LogRecord = {
    kind: flags & KIND_BITS,
    seq: reader.varint(),
    ms: reader.varint(),
    seat: reader.varint(),
    client: reader.varint(),
    clientSeq: reader.varint(),
    body: NO_BODY,
  };
  if (flags & EXTRA_FLAG) reader.take(reader.varint());
  record.body = reader.take(reader.varint());
  if (version !== RECORD_VERSION || flags & RESERVED_FLAG) reader.failed = true;
  return reader.failed ? null : record;
}
