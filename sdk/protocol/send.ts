/**
 * A message for the room's log. The only up frame on the way of a move, so it is read by hand:
 *
 *   byte 0x21 · varint client (place in hello's list) · varint client seq · byte kind · body to the end
 */
import { VARINT_BYTES_MAX, Writer } from './bytes.ts';

export const SEND = 0x21;

export interface Send {
  /** Place of the client id in the hello's list. */
  client: number;
  /** 1 for the client's first message, then one more each. */
  clientSeq: number;
  /** One of the sendable record kinds. */
  kind: number;
  /** A view into the frame. */
  body: Uint8Array;
}

export function encodeSend({ client, clientSeq, kind, body }: Send): Uint8Array<ArrayBuffer> {
  return new Writer().byte(SEND).varint(client).varint(clientSeq).byte(kind).raw(body).done();
}

/** What `readSend` finds before the body. One such object serves all frames of a server. */
export interface SendHead {
  client: number;
  clientSeq: number;
  kind: number;
  /** Where the body begins; it goes to the frame's end. */
  bodyAt: number;
}

/**
 * Reads the head of a send frame into `head`, without making an object; false when the frame is none.
 * The client seq must be at least 1: 0 stands for "none" in records.
 */
export function readSend(frame: Uint8Array, head: SendHead): boolean {
  if (frame[0] !== SEND) return false;
  place = 1;
  head.client = varintAt(frame);
  head.clientSeq = varintAt(frame);
  const kind = frame[place];
  if (place < 0 || kind === undefined || head.clientSeq < 1) return false;
  head.kind = kind;
  head.bodyAt = place + 1;
  return true;
}

// The cursor of `varintAt`, module-wide because a second result would be an allocation; < 0 = bad.
let place = 0;

function varintAt(frame: Uint8Array): number {
  if (place < 0) return 0;
  let value = 0;
  let factor = 1;
  for (let read = 0; read < VARINT_BYTES_MAX; read++) {
    const byte = frame[place];
    if (byte === undefined) break;
    place++;
    value += (byte & 127) * factor;
    if (byte < 128) {
      if (value <= Number.MAX_SAFE_INTEGER) return value;
      break;
    }
    factor *= 128;
  }
  place = Number.NEGATIVE_INFINITY;
  return 0;
}
