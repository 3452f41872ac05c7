/**
 * Frame `send`: a message for the room's log. The server reads one for every move, so it has a hand-written
 * decoder that allocates nothing:
 *
 *   byte 0x21 · varint client (index in the hello's list) · varint client seq · byte kind · body to the end
 */
import { VARINT_BYTES_MAX, Writer } from './bytes.ts';

export const SEND = 0x21;

export interface Send {
  /** Index of the client id in the hello's list. */
  client: number;
  /** 1 for the client's first message, then increasing by 1. */
  clientSeq: number;
  /** One of SENDABLE_KINDS, without flags. */
  kind: number;
  body: Uint8Array;
}

export function encodeSend({ client, clientSeq, kind, body }: Send): Uint8Array<ArrayBuffer> {
  return new Writer().byte(SEND).varint(client).varint(clientSeq).byte(kind).raw(body).done();
}

/** The fields before the body, written by `readSend`. A server reuses one object for all frames. */
export interface SendHead {
  client: number;
  clientSeq: number;
  kind: number;
  /** Offset of the body, which goes to the end of the frame. */
  bodyAt: number;
}

/**
 * Reads the fields before the body into `head` without allocating. Returns false if the frame is malformed.
 * The client seq must be at least 1, as 0 means "none" in records.
 */
export function readSend(frame: Uint8Array, head: SendHead): boolean {
  if (frame[0] !== SEND) return false;
  cursor = 1;
  head.client = readVarint(frame);
  head.clientSeq = readVarint(frame);
  const kind = frame[cursor];
  if (cursor < 0 || kind === undefined || head.clientSeq < 1) return false;
  head.kind = kind;
  head.bodyAt = cursor + 1;
  return true;
}

// The offset for `readVarint`. A variable of the module, as returning two values would allocate. < 0 = malformed.
let cursor = 0;

function readVarint(frame: Uint8Array): number {
  if (cursor < 0) return 0;
  let value = 0;
  let factor = 1;
  for (let read = 0; read < VARINT_BYTES_MAX; read++) {
    const byte = frame[cursor];
    if (byte === undefined) break;
    cursor++;
    value += (byte & 127) * factor;
    if (byte < 128) {
      if (value <= Number.MAX_SAFE_INTEGER) return value;
      break;
    }
    factor *= 128;
  }
  cursor = Number.NEGATIVE_INFINITY;
  return 0;
}
