/**
 * The way to the room: join, connect, hello; after a loss back again, with the pass of the last
 * welcome instead of a new ticket. Knows nothing of records.
 *
 *   connecting → welcomed → waiting → connecting → …  → stopped
 *
 * A phase is an object of its own; every callback of the outside world remembers the phase it
 * belongs to and does nothing once that is no longer the present one. So the late close of an old
 * socket, or a late answer of an old join call, cannot touch the new connection.
 */
import { closeVerdict } from '../protocol/close-codes.ts';
import type { Environment, JoinAnswer, SessionSocket } from './session-api.ts';
import { createTimer, type Timer } from './timer.ts';

export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MAX_MS = 30_000;
/** A connection that was live for so long has proved itself: the backoff starts from the beginning. */
export const STABLE_MS = 10_000;
/** From the start of an attempt to the welcome. */
export const ATTEMPT_MS = 15_000;
/** After so many attempts with the same pass that brought no welcome, a new ticket is asked for. */
export const PASS_TRIES = 3;

export interface ConnectionHooks {
  join(): Promise<JoinAnswer>;
  /** Runs before every connect, which waits for it. */
  prepare(): Promise<void>;
  hello(credential: string): Uint8Array<ArrayBuffer>;
  frame(frame: Uint8Array): void;
  /** The status changed and there is no socket: forget what belonged to one. */
  lost(): void;
  report(kind: string, detail: string): void;
}

export class Connection {
  at: 'connecting' | 'welcomed' | 'waiting' | 'stopped' = 'waiting';
  /** The close code or join code that says why, once stopped. */
  stopCode: string | null = null;
  readonly #environment: Environment;
  readonly #hooks: ConnectionHooks;
  /** Of the present phase: the end of the attempt, or of waiting. */
  readonly #timer: Timer;
  /** Rises when a connection ends; what belongs to an older one is not listened to. */
  #generation = 0;
  #socket: SessionSocket | null = null;
  #liveSince: number | null = null;
  #dueAt = 0;
  /** Where the last answer of join said the room is. */
  #url = '';
  #pass = '';
  #passTries = 0;
  /** Attempts since the last stable connection. */
  #failures = 0;

  constructor(environment: Environment, hooks: ConnectionHooks) {
    this.#environment = environment;
    this.#hooks = hooks;
    this.#timer = createTimer(environment.after);
  }

  get live(): boolean {
    return this.#liveSince !== null;
  }

  get retryInMs(): number | null {
    return this.at === 'waiting' ? Math.max(0, this.#dueAt - this.#environment.now()) : null;
  }

  /** Tries now; harmless when there is nothing to try. */
  start(): void {
    if (this.at === 'waiting') void this.#attempt();
  }

  /** The network is back: an attempt begun without it only waits for its time-out. */
  online(): void {
    if (this.at === 'connecting') this.retry('online', 0);
    this.start();
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.at === 'welcomed') this.#socket?.send(frame);
  }

  welcomed(pass: string): void {
    this.at = 'welcomed';
    this.#pass = pass;
    this.#passTries = 0;
    this.#timer.clear();
  }

  wentLive(): void {
    this.#liveSince = this.#environment.now();
  }

  /** Gives this connection up and comes back after a backoff with full jitter, or after `delayMs`. */
  retry(cause: string, delayMs?: number): void {
    if (this.at === 'stopped') return;
    const now = this.#environment.now();
    if (this.#liveSince !== null && now - this.#liveSince >= STABLE_MS) this.#failures = 0;
    const limit = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#failures++);
    const delay = delayMs ?? this.#environment.random() * limit;
    this.#hooks.report('reconnect', cause);
    this.#leave('waiting');
    this.#dueAt = now + delay;
    this.#timer.set(delay, () => this.start());
  }

  /** Does not come back. */
  stop(code: string | null): void {
    this.stopCode = code;
    this.#leave('stopped');
  }

  async #attempt(): Promise<void> {
    this.#leave('connecting');
    const generation = this.#generation;
    const current = (): boolean => generation === this.#generation;
    this.#timer.set(ATTEMPT_MS, () => this.retry('slow'));
    try {
      if (this.#passTries++ >= PASS_TRIES) this.#pass = '';
      let credential = this.#pass;
      if (credential === '') {
        const answer = await this.#hooks.join();
        if (!current()) return;
        if (!answer.ok) return answer.then === 'stop' ? this.stop(answer.code) : this.retry(answer.code);
        this.#url = answer.socket;
        credential = answer.ticket;
      }
      await this.#hooks.prepare();
      if (!current()) return;
      const socket = this.#environment.connect(this.#url, {
        opened: () => current() && socket.send(this.#hooks.hello(credential)),
        message: (frame) => current() && this.#hooks.frame(frame),
        closed: (code, reason) => current() && this.#closed(code, reason),
      });
      this.#socket = socket;
    } catch (error) {
      if (current()) this.retry(String(error));
    }
  }

  #closed(code: number, reason: string): void {
    const verdict = closeVerdict(code);
    if (verdict === 'stop') return this.stop(String(code));
    if (verdict === 'rejoin') this.#pass = '';
    this.retry(`closed ${code} ${reason}`);
  }

  #leave(at: 'connecting' | 'waiting' | 'stopped'): void {
    this.at = at;
    this.#generation++;
    this.#liveSince = null;
    this.#timer.clear();
    this.#socket?.close();
    this.#socket = null;
    this.#hooks.lost();
  }
}
