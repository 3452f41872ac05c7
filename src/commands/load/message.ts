/** The body of a message of the load: a time stamp, a number, and noise that compresses like text. */
import { randomFor } from '../../../sdk/src/random.ts';

const STAMP_BYTES = 8;
export const BODY_BYTES_MIN = 16;
const NOISE_BYTES = 16 * 1024;
const LETTERS = 'etaoin shrdlucmf';

/** Bodies are slices of this noise: drawing each byte of each body would make the load generator the bottleneck. */
export function makeNoise(seed: number): Uint8Array {
  const random = randomFor(seed, 0);
  return Uint8Array.from({ length: NOISE_BYTES }, () =>
    LETTERS.charCodeAt(Math.floor(random() * LETTERS.length)),
  );
}

/** `position`, in [0, 1), selects the part of the noise; `number` makes every body different. */
export function makeBody(
  noise: Uint8Array,
  bytes: number,
  position: number,
  sentAtMs: number,
  number: number,
): Uint8Array {
  const from = Math.floor(position * (noise.length - bytes));
  const body = noise.slice(from, from + bytes);
  const view = new DataView(body.buffer);
  view.setFloat64(0, sentAtMs);
  view.setUint32(STAMP_BYTES, number);
  return body;
}

/** The time of sending, ms; NaN if the body is too short to be one of the load. */
export function sentAtOf(body: Uint8Array): number {
  if (body.length < BODY_BYTES_MIN) return Number.NaN;
  return new DataView(body.buffer, body.byteOffset, body.length).getFloat64(0);
}

/** CRC-32. */
export function hashOf(bytes: Uint8Array): number {
  return Bun.hash.crc32(bytes);
}
