/**
 * The way to the room: join, connect, hello; after a loss back again, with the pass of the last
 * welcome instead of a new ticket. Knows nothing of records.
 *
 *   idle → joining → connecting → welcomed → waiting → joining or connecting → …  → stopped | closed
 *
 * A phase is an object of its own; every callback of the outside world remembers the phase it
 * belongs to and does nothing once that is no longer the present one. So the late close of an old
 * socket, or a late answer of an old join call, cannot touch the new connection.
 */
import { closeVerdict } from '../protocol/close-codes.ts';
import type { Environment, JoinAnswer, SessionSocket } from './session-api.ts';

export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MAX_MS = 30_000;
/** A connection that was live for so long has proved itself: the backoff starts from the beginning. */
export const STABLE_MS = 10_000;
export const JOIN_WAIT_MS = 15_000;
/** From the start of connecting to the welcome. */
export const WELCOME_WAIT_MS = 10_000;
/** After so many attempts with the same pass that brought no welcome, a new ticket is asked for. */
export const PASS_TRIES = 3;

type Phase =
  | { readonly at: 'idle' | 'closed' }
  | { readonly at: 'joining'; cancel: () => void }
  | { readonly at: 'connecting'; cancel: () => void; socket: SessionSocket | null }
  | { readonly at: 'welcomed'; readonly socket: SessionSocket; liveSince: number | null }
  | { readonly at: 'waiting'; cancel: () => void; readonly dueAt: number }
  | { readonly at: 'stopped'; readonly code: string };

export interface ConnectionHooks {
  join(): Promise<JoinAnswer>;
  /** Runs before every attempt; the attempt waits for it. */
  prepare(): Promise<void>;
  hello(credential: string): Uint8Array<ArrayBuffer>;
  frame(frame: Uint8Array): void;
  /** The socket is gone: forget what belonged to it. */
  lost(): void;
  changed(): void;
  report(kind: string, detail: string): void;
}

const nothing = (): void => {};

export class Connection {
  readonly #environment: Environment;
  readonly #hooks: ConnectionHooks;
  #phase: Phase = { at: 'idle' };
  #url = '';
  #ticket = '';
  #pass = '';
  #passTries = 0;
  /** Attempts since the last stable connection. */
  #failures = 0;

  constructor(environment: Environment, hooks: ConnectionHooks) {
    this.#environment = environment;
    this.#hooks = hooks;
  }

  get at(): Phase['at'] {
    return this.#phase.at;
  }

  get live(): boolean {
    return this.#phase.at === 'welcomed' && this.#phase.liveSince !== null;
  }

  get stopCode(): string | null {
    return this.#phase.at === 'stopped' ? this.#phase.code : null;
  }

  get retryInMs(): number | null {
    if (this.#phase.at !== 'waiting') return null;
    return Math.max(0, this.#phase.dueAt - this.#environment.now());
  }

  /** Tries now; harmless when there is nothing to try. */
  start(): void {
    if (this.#phase.at !== 'idle' && this.#phase.at !== 'waiting') return;
    this.#leave();
    if (this.#passTries >= PASS_TRIES) this.#pass = '';
    if (this.#pass === '') this.#join();
    else this.#connect();
  }

  /** The network is back: an attempt begun without it only waits for its time-out. */
  online(): void {
    if (this.#phase.at === 'connecting' || this.#phase.at === 'joining') this.#wait('online', 0);
    else this.start();
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#phase.at === 'welcomed') this.#phase.socket.send(frame);
  }

  welcomed(pass: string): void {
    if (this.#phase.at !== 'connecting' || this.#phase.socket === null) return;
    const { socket } = this.#phase;
    this.#phase.cancel();
    this.#pass = pass;
    this.#passTries = 0;
    this.#enter({ at: 'welcomed', socket, liveSince: null });
  }

  wentLive(): void {
    if (this.#phase.at === 'welcomed') this.#phase.liveSince = this.#environment.now();
    this.#hooks.changed();
  }

  /** Gives this connection up and comes back after a backoff, or after `delayMs`. */
  retry(cause: string, delayMs?: number): void {
    if (this.#phase.at === 'stopped' || this.#phase.at === 'closed') return;
    this.#hooks.report('reconnect', cause);
    this.#wait(cause, delayMs);
  }

  close(): void {
    this.#leave();
    this.#enter({ at: 'closed' });
  }

  #join(): void {
    const phase: Phase = { at: 'joining', cancel: nothing };
    const current = (): boolean => this.#phase === phase;
    phase.cancel = this.#environment.after(JOIN_WAIT_MS, () => current() && this.retry('join took too long'));
    this.#enter(phase);
    // Inside a promise, so that a join that throws is a join that failed.
    void Promise.resolve()
      .then(() => this.#hooks.join())
      .then((answer) => {
        if (!current()) return;
        if (!answer.ok) return answer.then === 'stop' ? this.#stop(answer.code) : this.retry(answer.code);
        this.#url = answer.socket;
        this.#ticket = answer.ticket;
        this.#leave();
        this.#connect();
      })
      .catch((error: unknown) => current() && this.retry(`join failed: ${String(error)}`));
  }

  #connect(): void {
    const phase: Phase = { at: 'connecting', cancel: nothing, socket: null };
    // The phase changes its name with the welcome, the socket stays.
    const current = (): boolean =>
      this.#phase === phase || (this.#phase.at === 'welcomed' && this.#phase.socket === phase.socket);
    phase.cancel = this.#environment.after(WELCOME_WAIT_MS, () => current() && this.retry('no welcome'));
    this.#enter(phase);
    // A ticket is good for one attempt; a pass for many.
    const credential = this.#pass || this.#ticket;
    this.#ticket = '';
    if (this.#pass !== '') this.#passTries++;
    void this.#hooks.prepare().then(() => {
      if (!current()) return;
      try {
        phase.socket = this.#environment.connect(this.#url, {
          opened: () => current() && phase.socket?.send(this.#hooks.hello(credential)),
          message: (frame) => current() && this.#hooks.frame(frame),
          closed: (code, reason) => current() && this.#closed(code, reason),
        });
      } catch (error) {
        this.retry(`connect failed: ${String(error)}`);
      }
    });
  }

  #closed(code: number, reason: string): void {
    const verdict = closeVerdict(code);
    if (verdict === 'stop') return this.#stop(String(code));
    if (verdict === 'rejoin') this.#pass = '';
    this.retry(`closed ${code} ${reason}`);
  }

  #stop(code: string): void {
    this.#hooks.report('stopped', code);
    this.#leave();
    this.#enter({ at: 'stopped', code });
  }

  #wait(cause: string, delayMs?: number): void {
    const phase = this.#phase;
    const now = this.#environment.now();
    if (phase.at === 'welcomed' && phase.liveSince !== null && now - phase.liveSince >= STABLE_MS) {
      this.#failures = 0;
    }
    this.#leave();
    const limit = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#failures);
    const delay = delayMs ?? this.#environment.random() * limit;
    if (cause !== 'online') this.#failures++;
    const waiting: Phase = { at: 'waiting', cancel: nothing, dueAt: now + delay };
    waiting.cancel = this.#environment.after(delay, () => this.#phase === waiting && this.start());
    this.#enter(waiting);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#hooks.changed();
  }

  /** Ends what the present phase holds. */
  #leave(): void {
    const phase = this.#phase;
    this.#phase = { at: 'idle' };
    if ('cancel' in phase) phase.cancel();
    if ('socket' in phase && phase.socket !== null) {
      phase.socket.close();
      this.#hooks.lost();
    }
  }
}
