/** WebSocket frames (RFC 6455) of a client: unfragmented, without extensions. */

export const Opcode = { binary: 2, close: 8, ping: 9, pong: 10 } as const;

const FIN = 0x80;
const MASKED = 0x80;
const OPCODE_BITS = 0x0f;
const LENGTH_BITS = 0x7f;
/** Value of the length field for a length in the next two bytes; 127 is for one in the next eight. */
const LENGTH_16 = 126;
const MASK_BYTES = 4;
/** Twice the protocol's maximum for frames of the server (P56). */
const FRAME_BYTES_MAX = 512 * 1024;

/** Returns a frame for a payload of up to 65,535 bytes, masked with the 32 bits of `mask`. */
export function maskedFrame(opcode: number, payload: Uint8Array, mask: number): Uint8Array {
  const { length } = payload;
  const head = length < LENGTH_16 ? 2 : 4;
  const frame = new Uint8Array(head + MASK_BYTES + length);
  frame[0] = FIN | opcode;
  frame[1] = MASKED | (head === 2 ? length : LENGTH_16);
  if (head === 4) {
    frame[2] = length >> 8;
    frame[3] = length;
  }
  for (let byte = 0; byte < MASK_BYTES; byte++) frame[head + byte] = mask >>> (24 - 8 * byte);
  const at = head + MASK_BYTES;
  for (let index = 0; index < length; index++) {
    frame[at + index] = (payload[index] ?? 0) ^ (frame[head + (index & 3)] ?? 0);
  }
  return frame;
}

/** Splits received bytes into frames; keeps an incomplete frame for the next call. */
export class FrameReader {
  private rest: Uint8Array = new Uint8Array();

  /**
   * Calls `take` for each complete frame; the payload is valid only during the call. `take` returns whether to go on.
   * Returns false for a fragmented, masked or too long frame.
   */
  push(bytes: Uint8Array, take: (opcode: number, payload: Uint8Array) => boolean): boolean {
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    let at = 0;
    for (;;) {
      const found = frameAt(all, at);
      if (found === 'bad') return false;
      if (found === 'more') break;
      at = found.end;
      if (!take(found.opcode, all.subarray(found.start, found.end))) return true;
    }
    this.rest = all.slice(at);
    return true;
  }
}

function frameAt(bytes: Uint8Array, at: number) {
  const first = bytes[at];
  const second = bytes[at + 1];
  if (first === undefined || second === undefined) return 'more';
  const short = second & LENGTH_BITS;
  if ((first & FIN) === 0 || (second & MASKED) !== 0) return 'bad';
  const head = short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : 10;
  if (bytes.length < at + head) return 'more';
  let length = head === 2 ? short : 0;
  // Without a DataView: making one for each frame costs more CPU time than everything else here.
  for (let byte = 2; byte < head; byte++) length = length * 256 + (bytes[at + byte] ?? 0);
  if (length > FRAME_BYTES_MAX) return 'bad';
  const start = at + head;
  if (bytes.length < start + length) return 'more';
  return { opcode: first & OPCODE_BITS, start, end: start + length } as const;
}
