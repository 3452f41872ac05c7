/**
 * Frames of one connection in the order in which they came, although some of them (chunks) take
 * time to inflate. Inflating begins at once; what comes behind waits its turn. One intake per
 * connection: after `close` nothing comes out, whatever was still being inflated.
 */
import { chunk } from '../protocol/chunk.ts';

/** More frames than this behind a chunk that does not come: something is wrong. */
export const INTAKE_FRAMES_MAX = 10_000;

export interface IntakeHooks {
  inflate(deflated: Uint8Array): Promise<Uint8Array>;
  /** A frame as it came, or the records of a chunk, which look like a frame of records. */
  handle(frame: Uint8Array): void;
  broken(why: string): void;
}

export class Intake {
  readonly #hooks: IntakeHooks;
  readonly #waiting: (Uint8Array | Promise<Uint8Array>)[] = [];
  #running = false;
  #closed = false;

  constructor(hooks: IntakeHooks) {
    this.#hooks = hooks;
  }

  push(frame: Uint8Array): void {
    const inflated = frame[0] === chunk.type ? this.#inflate(frame) : null;
    // Looked at only when its turn comes; until then a failure is not an unhandled one.
    inflated?.catch(() => {});
    this.#waiting.push(inflated ?? frame);
    if (!this.#running) void this.#run();
    else if (this.#waiting.length > INTAKE_FRAMES_MAX) this.#hooks.broken('too many frames wait');
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  async #inflate(frame: Uint8Array): Promise<Uint8Array> {
    const values = chunk.decode(frame);
    if (values === null) throw new Error('malformed chunk');
    return this.#hooks.inflate(values.deflated);
  }

  /** Runs without a pause until it meets a chunk that is not ready. */
  async #run(): Promise<void> {
    this.#running = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        const frame = next instanceof Uint8Array ? next : await next;
        if (this.#closed) return;
        this.#hooks.handle(frame);
      } catch (error) {
        if (!this.#closed) this.#hooks.broken(String(error));
        return;
      }
    }
    this.#running = false;
  }
}
