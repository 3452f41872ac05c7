/**
 * A message for the room's log. The only up frame on the way of a move, so it is read by hand:
 *
 *   byte 0x21 · varint client (place in hello's list) · varint client seq · byte kind · body to the end
 */
import { varintLength, writeVarint } from './bytes.ts';

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
  const head = 2 + varintLength(client) + varintLength(clientSeq);
  const frame = new Uint8Array(head + body.length);
  frame[0] = SEND;
  const at = writeVarint(frame, writeVarint(frame, 1, client), clientSeq);
  frame[at] = kind;
  frame.set(body, at + 1);
  return frame;
}
