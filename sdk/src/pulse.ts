/**
 * Is the socket alive? A connection counts as dead only if nothing was heard for the announced
 * interval and some slack, and then a ping stayed unanswered, too.
 *
 * Timers of hidden tabs fire once a minute, those of sleeping machines hours late. A timer that
 * fires late proves nothing, as the server's frames may still be waiting behind it: then one more
 * ping is sent before the socket is given up.
 */
import type { Environment } from './session-api.ts';
import { Timer } from './timer.ts';

/** Added to the interval that the server announced. */
export const SLACK_MS = 3_000;
/** How long a ping may stay unanswered. */
export const PONG_WAIT_MS = 5_000;
/** A timer that fires this much after its time tells of sleep or throttling. */
export const LATE_MS = 2_000;

export class Pulse {
  readonly #environment: Environment;
  readonly #ping: () => void;
  readonly #dead: () => void;
  readonly #timer: Timer;
  #quietMs = 0;
  #heardAt = 0;
  #dueAt = 0;
  /** Pings sent since something was heard. */
  #asked = 0;
  #beating = false;

  constructor(environment: Environment, ping: () => void, dead: () => void) {
    this.#environment = environment;
    this.#ping = ping;
    this.#dead = dead;
    this.#timer = new Timer(environment.after);
  }

  start(intervalMs: number): void {
    this.#quietMs = intervalMs + SLACK_MS;
    this.#beating = true;
    this.heard();
    this.#arm(this.#quietMs);
  }

  stop(): void {
    this.#beating = false;
    this.#timer.clear();
  }

  /** Any frame counts. Called for each one, so it sets no timer. */
  heard(): void {
    this.#heardAt = this.#environment.now();
    this.#asked = 0;
  }

  /** Something happened that may have cost us the socket: ask at once, wait at most `waitMs`. */
  check(waitMs: number): void {
    if (this.#beating) this.#ask(waitMs);
  }

  #arm(ms: number): void {
    this.#dueAt = this.#environment.now() + ms;
    this.#timer.set(ms, () => this.#fired());
  }

  #ask(waitMs: number): void {
    this.#asked++;
    this.#ping();
    this.#arm(waitMs);
  }

  #fired(): void {
    const now = this.#environment.now();
    const late = now - this.#dueAt > LATE_MS;
    if (this.#asked === 0) {
      const left = this.#heardAt + this.#quietMs - now;
      if (left > 0) this.#arm(left);
      else this.#ask(PONG_WAIT_MS);
    } else if (late && this.#asked === 1) this.#ask(PONG_WAIT_MS);
    else this.#dead();
  }
}
