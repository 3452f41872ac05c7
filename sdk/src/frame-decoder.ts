/**
 * Passes on the frames of one connection in order, although chunks are inflated asynchronously.
 * Inflating starts at once; later frames wait for it. Each connection has its own decoder and
 * ignores its output after the connection has ended.
 */
import { chunk } from '../protocol/chunk.ts';
import type { Environment } from './session-api.ts';

/** Maximum number of frames that wait behind a chunk; more end the connection. */
export const DECODER_FRAMES_MAX = 10_000;

/**
 * Returns a function that takes the next frame. `handle` gets each frame unchanged, and for a chunk its
 * inflated records, which are a records frame. After `broken` the caller ends the connection.
 */
export function createFrameDecoder(
  inflate: Environment['inflate'],
  handle: (frame: Uint8Array) => void,
  broken: (why: string) => void,
): (frame: Uint8Array) => void {
  let handled: Promise<void> = Promise.resolve();
  let waiting = 0;
  const unpack = async (frame: Uint8Array): Promise<Uint8Array> => {
    if (frame[0] !== chunk.type) return frame;
    const values = chunk.decode(frame);
    if (values === null) throw new Error('malformed chunk');
    return inflate(values.deflated);
  };
  return (frame) => {
    if (++waiting > DECODER_FRAMES_MAX) return broken('too many frames');
    handled = Promise.all([unpack(frame), handled])
      .then(([unpacked]) => {
        waiting--;
        handle(unpacked);
      })
      .catch((error: unknown) => broken(String(error)));
  };
}
