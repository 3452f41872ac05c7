/** Signals both ways: small JSON values of the seats that are seen and forgotten, never logged. */
import { signal, SIGNAL_BYTES_MAX } from '../protocol/signal.ts';
import { decodeJson } from './reducer.ts';
import type { Environment } from './session-api.ts';
import { Timer } from './timer.ts';

/** Own signals go out no closer together than this; in between the last value wins. */
export const SIGNAL_SPACING_MS = 50;

const encoder = new TextEncoder();

export class Signals {
  /** The others' last values by seat. */
  readonly seen = new Map<number, unknown>();
  readonly #send: (frame: Uint8Array<ArrayBuffer>) => void;
  readonly #spacing: Timer;
  #own = '';
  #sent = '';
  #live = false;

  constructor(environment: Environment, send: (frame: Uint8Array<ArrayBuffer>) => void) {
    this.#send = send;
    this.#spacing = new Timer(environment.after);
  }

  /** null takes the own value away. False = too large, nothing changed. */
  set(value: unknown): boolean {
    const text = value === null ? '' : (JSON.stringify(value) ?? '');
    if (encoder.encode(text).length > SIGNAL_BYTES_MAX) return false;
    this.#own = text;
    this.#flush();
    return true;
  }

  receive(changed: readonly { seat: number; value: Uint8Array }[], ownSeat: number | undefined): void {
    for (const { seat, value } of changed) {
      if (seat === ownSeat) continue;
      const decoded = decodeJson(value);
      if (decoded === undefined) this.seen.delete(seat);
      else this.seen.set(seat, decoded);
    }
  }

  /** A new connection: the server has forgotten our value. */
  live(): void {
    this.#live = true;
    this.#sent = '';
    this.#flush();
  }

  lost(): void {
    this.#live = false;
    this.#spacing.clear();
    this.seen.clear();
  }

  #flush(): void {
    if (!this.#live || this.#spacing.armed || this.#own === this.#sent) return;
    this.#sent = this.#own;
    this.#send(signal.encode({ value: encoder.encode(this.#own) }));
    this.#spacing.set(SIGNAL_SPACING_MS, () => this.#flush());
  }
}
