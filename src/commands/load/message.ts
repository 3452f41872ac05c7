/** The body of a message of the load: when it was sent, who sent it, and noise that looks like text. */
import { randomFor } from '../../../sdk/src/random.ts';

const STAMP_BYTES = 8;
export const BODY_BYTES_MIN = 16;
const NOISE_BYTES = 16 * 1024;
const LETTERS = 'etaoin shrdlucmf';

/** Bodies are cut out of this: drawing each byte of each body would make the generator the bottleneck. */
export function makeNoise(seed: number): Uint8Array {
  const random = randomFor(seed, 0);
  return Uint8Array.from({ length: NOISE_BYTES }, () =>
    LETTERS.charCodeAt(Math.floor(random() * LETTERS.length)),
  );
}

/** `number` tells apart what would else be equal; `chance` is in [0, 1). */
export function makeBody(
  noise: Uint8Array,
  bytes: number,
  chance: number,
  sentAtMs: number,
  number: number,
): Uint8Array {
  const from = Math.floor(chance * (noise.length - bytes));
  const body = noise.slice(from, from + bytes);
  const view = new DataView(body.buffer);
  view.setFloat64(0, sentAtMs);
  view.setUint32(STAMP_BYTES, number);
  return body;
}

/** When it was sent; NaN when it is too short to be one of ours. */
export function sentAtOf(body: Uint8Array): number {
  if (body.length < BODY_BYTES_MIN) return Number.NaN;
  return new DataView(body.buffer, body.byteOffset, body.length).getFloat64(0);
}

/** 32 bits that change when a byte does. */
export function hashOf(bytes: Uint8Array): number {
  return Bun.hash.crc32(bytes);
}
