/**
 * Is the socket alive? A connection counts as dead only if nothing was heard for the announced
 * interval and some slack, and then two pings stayed unanswered.
 *
 * Two, because a timer that fires late proves nothing: timers of hidden tabs fire once a minute,
 * those of sleeping machines hours late, and the answer to the first ping may wait right behind.
 */
import type { Environment } from './session-api.ts';
import { Timer } from './timer.ts';

/** Added to the interval that the server announced. */
export const SLACK_MS = 3_000;
/** How long each of the pings may stay unanswered. */
export const PONG_WAIT_MS = 3_000;
const PINGS = 2;

export class Pulse {
  readonly #environment: Environment;
  readonly #ping: () => void;
  readonly #dead: () => void;
  readonly #timer: Timer;
  #quietMs = 0;
  #heardAt = 0;
  /** Pings sent since something was heard. */
  #asked = 0;

  constructor(environment: Environment, ping: () => void, dead: () => void) {
    this.#environment = environment;
    this.#ping = ping;
    this.#dead = dead;
    this.#timer = new Timer(environment.after);
  }

  start(intervalMs: number): void {
    this.#quietMs = intervalMs + SLACK_MS;
    this.#timer.set(this.#quietMs, () => this.#look());
  }

  stop(): void {
    this.#timer.clear();
  }

  /** Any frame counts. Called for each one, so it sets no timer. */
  heard(): void {
    this.#heardAt = this.#environment.now();
    this.#asked = 0;
  }

  /** Something happened that may have cost us the socket: ask at once. */
  check(waitMs: number): void {
    if (!this.#timer.armed) return;
    this.#asked = 0;
    this.#ask(waitMs);
  }

  #ask(waitMs: number): void {
    if (this.#asked++ === PINGS) return this.#dead();
    this.#ping();
    this.#timer.set(waitMs, () => this.#look(waitMs));
  }

  #look(waitMs = PONG_WAIT_MS): void {
    const left = this.#heardAt + this.#quietMs - this.#environment.now();
    if (left > 0 && this.#asked === 0) this.#timer.set(left, () => this.#look());
    else this.#ask(waitMs);
  }
}
