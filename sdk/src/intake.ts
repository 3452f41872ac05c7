/**
 * Frames of one connection in the order in which they came, although some of them (chunks) take
 * time to inflate. Inflating begins at once; what comes behind waits its turn. One intake per
 * connection: after `close` nothing comes out, whatever was still being inflated.
 */
import { chunk } from '../protocol/chunk.ts';
import type { Environment } from './session-api.ts';

/** More frames than this behind a chunk that does not come: something is wrong. */
export const INTAKE_FRAMES_MAX = 10_000;

export interface Intake {
  push(frame: Uint8Array): void;
  close(): void;
}

/** `handle` gets frames as they came, and the records of chunks, which look like frames of records. */
export function createIntake(
  inflate: Environment['inflate'],
  handle: (frame: Uint8Array) => void,
  broken: (why: string) => void,
): Intake {
  const waiting: (Uint8Array | Promise<Uint8Array>)[] = [];
  let running = false;
  let closed = false;
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
        const frame = next instanceof Uint8Array ? next : await next;
        if (closed) return;
        handle(frame);
      }
    } catch (error) {
      if (!closed) broken(String(error));
    }
    running = false;
  };
  return {
    push(frame) {
      const unpacked = frame[0] === chunk.type ? unpack(frame) : null;
      // Looked at only when its turn comes; until then a failure is not an unhandled one.
      unpacked?.catch(() => {});
      waiting.push(unpacked ?? frame);
      if (!running) void run();
      else if (waiting.length > INTAKE_FRAMES_MAX) broken('too many frames');
    },
    close() {
      closed = true;
      waiting.length = 0;
    },
  };
}
