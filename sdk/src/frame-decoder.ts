/**
 * Frames of one connection in the order in which they came, although some of them (chunks) take
 * time to inflate. Inflating begins at once; what comes behind waits its turn. One intake per
 * connection; whoever makes it stops listening when the connection ends.
 */
import { chunk } from '../protocol/chunk.ts';
import type { Environment } from './session-api.ts';

/** More frames than this behind a chunk that does not come: something is wrong. */
export const DECODER_FRAMES_MAX = 10_000;

/**
 * Answers what takes in the next frame. `handle` gets frames as they came, and the records of
 * chunks, which look like frames of records. Whoever gets `broken` ends the connection.
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
