/**
 * The way to the room: join, connect, hello; after a loss back again, with the pass of the last
 * welcome instead of a new ticket. Knows nothing of records.
 *
 *   connecting → replaying → live → offline → connecting → …  → stopped
 *
 * Every attempt, wait and end is a phase of its own; a callback of the outside world remembers the phase it
 * belongs to and does nothing once that is no longer the present one. So the late close of an old
 * socket, or a late answer of an old join call, cannot touch the new connection.
 */
import { closeVerdict } from '../protocol/close-codes.ts';
import { createFrameDecoder } from './frame-decoder.ts';
import type { PlayStatus } from './client-api.ts';
import type { Environment, JoinAnswer, SessionSocket } from './session-api.ts';

export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MAX_MS = 30_000;
/** A connection that was live for so long has proved itself: the backoff starts from the beginning. */
export const STABLE_MS = 10_000;
/** From the start of an attempt to the welcome. */
export const ATTEMPT_MS = 15_000;
/** After so many attempts with the same pass that brought no welcome, a new ticket is asked for. */
export const PASS_TRIES = 3;

export interface ConnectionEvents {
  join(): Promise<JoinAnswer>;
  /** Runs before every connect, which waits for it. */
  prepare(): Promise<void>;
  hello(credential: string): Uint8Array<ArrayBuffer>;
  /** Something came, whatever it is. */
  heard(): void;
  /** A frame whose turn it is; records of chunks come as frames of records. */
  frame(frame: Uint8Array): void;
  /** The status changed and there is no socket: forget what belonged to one. */
  lost(): void;
  report(kind: string, detail: string): void;
}

export class Connection {
  at: Exclude<PlayStatus, 'hold'> = 'offline';
  /** The close code or join code that says why, once stopped. */
  stopCode: string | null = null;
  /** The server said that it will close and over how many ms its pages should come back; 0 = it did not. */
  windowMs = 0;
  readonly #environment: Environment;
  readonly #hooks: ConnectionEvents;
  /** Rises when a phase ends; what belongs to an older one is not listened to. */
  #phase = 0;
  readonly #timers: (() => void)[] = [];
  #socket: SessionSocket | null = null;
  #liveSince = 0;
  #dueAt = 0;
  /** Where the last answer of join said the room is. */
  #url = '';
  #pass = '';
  #passTries = 0;
  /** Attempts since the last stable connection. */
  #failures = 0;

  constructor(environment: Environment, hooks: ConnectionEvents) {
    this.#environment = environment;
    this.#hooks = hooks;
  }

  get live(): boolean {
    return this.at === 'live';
  }

  get retryInMs(): number | null {
    return this.at === 'offline' ? Math.max(0, this.#dueAt - this.#environment.now()) : null;
  }

  /** Tries now; harmless when there is nothing to try. */
  start(): void {
    if (this.at === 'offline') void this.#attempt();
  }

  /** The network is back: an attempt begun without it only waits for its time-out. */
  online(): void {
    if (this.at === 'connecting') this.retry('online', 0);
    this.start();
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(frame);
  }

  welcomed(pass: string): void {
    this.at = 'replaying';
    this.#pass = pass;
    this.#passTries = 0;
  }

  wentLive(): void {
    this.at = 'live';
    this.#liveSince = this.#environment.now();
  }

  /** Runs after `ms`, unless this connection, or the wait for one, has ended by then. */
  later(ms: number, run: () => void): void {
    this.#timers.push(this.#environment.after(ms, run));
  }

  /** Gives this connection up and comes back after a backoff with full jitter, or after `delayMs`. */
  retry(cause: string, delayMs?: number): void {
    if (this.at === 'stopped') return;
    const now = this.#environment.now();
    if (this.live && now - this.#liveSince >= STABLE_MS) this.#failures = 0;
    const limit = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#failures++);
    const delay = delayMs ?? this.#environment.random() * limit;
    this.#hooks.report('reconnect', cause);
    this.#enter('offline');
    this.#dueAt = now + delay;
    this.later(delay, () => this.start());
  }

  /** Does not come back. */
  stop(code: string | null): void {
    this.stopCode = code;
    this.#enter('stopped');
  }

  async #attempt(): Promise<void> {
    this.#enter('connecting');
    const phase = this.#phase;
    const hooks = this.#hooks;
    this.later(ATTEMPT_MS, () => {
      if (this.at === 'connecting') this.retry('slow');
    });
    try {
      if (this.#passTries++ >= PASS_TRIES) this.#pass = '';
      let credential = this.#pass;
      if (credential === '') {
        const answer = await hooks.join();
        if (phase !== this.#phase) return;
        if (!answer.ok) return answer.then === 'stop' ? this.stop(answer.code) : this.retry(answer.code);
        this.#url = answer.socket;
        credential = answer.ticket;
      }
      await hooks.prepare();
      if (phase !== this.#phase) return;
      const intake = createFrameDecoder(
        this.#environment.inflate,
        this.#whilePhaseLasts(hooks.frame),
        this.#whilePhaseLasts((why) => this.retry(why)),
      );
      const socket = this.#environment.connect(this.#url, {
        opened: this.#whilePhaseLasts(() => socket.send(hooks.hello(credential))),
        message: this.#whilePhaseLasts((frame) => {
          hooks.heard();
          intake(frame);
        }),
        closed: this.#whilePhaseLasts((code, reason) => this.#closed(code, reason)),
      });
      this.#socket = socket;
    } catch (error) {
      if (phase === this.#phase) this.retry(String(error));
    }
  }

  #closed(code: number, reason: string): void {
    const verdict = closeVerdict(code);
    if (verdict === 'stop') return this.stop(String(code));
    if (verdict === 'rejoin') this.#pass = '';
    const delay = this.windowMs && this.#environment.random() * this.windowMs;
    this.retry(`closed ${code} ${reason}`, delay || undefined);
  }

  #enter(at: 'connecting' | 'offline' | 'stopped'): void {
    this.at = at;
    this.windowMs = 0;
    this.#phase++;
    for (const cancel of this.#timers.splice(0)) cancel();
    this.#socket?.close();
    this.#socket = null;
    this.#hooks.lost();
  }

  #whilePhaseLasts<Values extends unknown[]>(run: (...values: Values) => void): (...values: Values) => void {
    const phase = this.#phase;
    return (...values) => {
      if (phase === this.#phase) run(...values);
    };
  }
}
