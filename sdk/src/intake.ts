/**
 * Frames of one connection in the order in which they came, although some of them (chunks) take
 * time to inflate. Inflating begins at once; what comes behind waits its turn. One intake per
 * connection; whoever makes it stops listening when the connection ends.
 */
import { chunk } from '../protocol/chunk.ts';
import type { Environment } from './session-api.ts';

/** More frames than this behind a chunk that does not come: something is wrong. */
export const INTAKE_FRAMES_MAX = 10_000;

/**
 * Answers what takes in the next frame. `handle` gets frames as they came, and the records of
 * chunks, which look like frames of records; it gets nothing more after `broken` was called.
 */
export function createIntake(
  inflate: Environment['inflate'],
  handle: (frame: Uint8Array) => void,
  broken: (why: string) => void,
): (frame: Uint8Array) => void {
  const waiting: (Uint8Array | Promise<Uint8Array>)[] = [];
  let running = false;
  const unpack = async (frame: Uint8Array): Promise<Uint8Array> => {
    const values = chunk.decode(frame);
    if (values === null) throw new Error('malformed chunk');
    return inflate(values.deflated);
  };
  /** Runs without a pause until it meets a chunk that is not ready. */
  const run = async (): Promise<void> => {
    running = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        handle(next instanceof Uint8Array ? next : await next);
      }
      running = false;
    } catch (error) {
      broken(String(error));
    }
  };
  return (frame) => {
    const unpacked = frame[0] === chunk.type ? unpack(frame) : null;
    // Looked at only when its turn comes; until then a failure is not an unhandled one.
    unpacked?.catch(() => {});
    waiting.push(unpacked ?? frame);
    if (!running) void run();
    else if (waiting.length > INTAKE_FRAMES_MAX) broken('too many frames');
  };
}
