/**
 * The connection to the room: join call, socket, hello. After a loss it reconnects with the pass of the
 * last welcome instead of a new ticket. It does not interpret frames.
 *
 *   connecting → replaying → live → offline → connecting → …  → stopped
 *
 * Each attempt, wait and end starts a new phase with its own number. A callback of the environment keeps
 * the number of its phase and does nothing once the phase has changed. So the late close of an old
 * socket, or the late response of an old join call, cannot affect the new connection.
 */
import { closeAction } from '../protocol/close-codes.ts';
import { createFrameDecoder } from './frame-decoder.ts';
import type { PlayStatus } from './client-api.ts';
import type { Environment, JoinAnswer, SessionSocket } from './session-api.ts';

export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MAX_MS = 30_000;
/** After a connection that was live for this long, the backoff starts at its first value again. */
export const STABLE_MS = 10_000;
/** Time allowed from the start of an attempt to the welcome. */
export const ATTEMPT_TIMEOUT_MS = 15_000;
/** After this many attempts with a pass and without a welcome, the next attempt calls join again. */
export const PASS_ATTEMPTS_MAX = 3;

export interface ConnectionEvents {
  join(): Promise<JoinAnswer>;
  /** Called before each socket is opened; the connection waits for it. */
  beforeConnect(): Promise<void>;
  encodeHello(credential: string): Uint8Array<ArrayBuffer>;
  /** A frame of any kind arrived. */
  onActivity(): void;
  /** The next frame in order; a chunk is passed on as its inflated records. */
  onFrame(frame: Uint8Array): void;
  /** The status changed and there is no socket now. */
  onDisconnect(): void;
  report(kind: string, detail: string): void;
}

export class Connection {
  status: Exclude<PlayStatus, 'hold'> = 'offline';
  /** The close code or the code of the join call, once stopped. */
  stopCode: string | null = null;
  /** The window of the drain notice: reconnects are spread over this many ms; 0 = no notice. */
  drainWindowMs = 0;
  private readonly environment: Environment;
  private readonly events: ConnectionEvents;
  /** Number of the current phase. */
  private phase = 0;
  private readonly timers: (() => void)[] = [];
  private socket: SessionSocket | null = null;
  private liveSince = 0;
  private retryAt = 0;
  /** The socket's address from the last join call. */
  private url = '';
  private pass = '';
  private passAttempts = 0;
  /** Attempts since the last stable connection, for the backoff. */
  private failedAttempts = 0;

  constructor(environment: Environment, events: ConnectionEvents) {
    this.environment = environment;
    this.events = events;
  }

  get isLive(): boolean {
    return this.status === 'live';
  }

  get retryInMs(): number | null {
    return this.status === 'offline' ? Math.max(0, this.retryAt - this.environment.now()) : null;
  }

  /** Connects now if offline; does nothing otherwise. */
  connectNow(): void {
    if (this.status === 'offline') void this.attempt();
  }

  /** The network is back. An attempt begun without it would only time out, so a new one replaces it. */
  onNetworkBack(): void {
    if (this.status === 'connecting') this.retry('online', 0);
    this.connectNow();
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    this.socket?.send(frame);
  }

  onWelcome(pass: string): void {
    this.status = 'replaying';
    this.pass = pass;
    this.passAttempts = 0;
  }

  onLive(): void {
    this.status = 'live';
    this.liveSince = this.environment.now();
  }

  /** Runs after `ms`, unless the phase has ended by then. */
  schedule(ms: number, run: () => void): void {
    this.timers.push(this.environment.after(ms, run));
  }

  /** Ends this connection and reconnects after a backoff with full jitter, or after `delayMs`. */
  retry(cause: string, delayMs?: number): void {
    if (this.status === 'stopped') return;
    const now = this.environment.now();
    if (this.isLive && now - this.liveSince >= STABLE_MS) this.failedAttempts = 0;
    const limit = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.failedAttempts++);
    const delay = delayMs ?? this.environment.random() * limit;
    this.events.report('reconnect', cause);
    this.enterPhase('offline');
    this.retryAt = now + delay;
    this.schedule(delay, () => this.connectNow());
  }

  /** Ends the connection without reconnecting. */
  stop(code: string | null): void {
    this.stopCode = code;
    this.enterPhase('stopped');
  }

  private async attempt(): Promise<void> {
    this.enterPhase('connecting');
    const phase = this.phase;
    const events = this.events;
    this.schedule(ATTEMPT_TIMEOUT_MS, () => {
      if (this.status === 'connecting') this.retry('slow');
    });
    try {
      if (this.passAttempts++ >= PASS_ATTEMPTS_MAX) this.pass = '';
      let credential = this.pass;
      if (credential === '') {
        const answer = await events.join();
        if (phase !== this.phase) return;
        if (!answer.ok) {
          const next = answer.next ?? answer.then;
          return next === 'stop' ? this.stop(answer.code) : this.retry(answer.code);
        }
        this.url = answer.socket;
        credential = answer.ticket;
      }
      await events.beforeConnect();
      if (phase !== this.phase) return;
      const decode = createFrameDecoder(
        this.environment.inflate,
        this.ifSamePhase(events.onFrame),
        this.ifSamePhase((why) => this.retry(why)),
      );
      const socket = this.environment.connect(this.url, {
        onOpen: this.ifSamePhase(() => socket.send(events.encodeHello(credential))),
        onMessage: this.ifSamePhase((frame) => {
          events.onActivity();
          decode(frame);
        }),
        onClose: this.ifSamePhase((code, reason) => this.handleClose(code, reason)),
      });
      this.socket = socket;
    } catch (error) {
      if (phase === this.phase) this.retry(String(error));
    }
  }

  private handleClose(code: number, reason: string): void {
    const action = closeAction(code);
    if (action === 'stop') return this.stop(String(code));
    if (action === 'rejoin') this.pass = '';
    const delay = this.drainWindowMs && this.environment.random() * this.drainWindowMs;
    this.retry(`closed ${code} ${reason}`, delay || undefined);
  }

  private enterPhase(status: 'connecting' | 'offline' | 'stopped'): void {
    this.status = status;
    this.drainWindowMs = 0;
    this.phase++;
    for (const cancel of this.timers.splice(0)) cancel();
    this.socket?.close();
    this.socket = null;
    this.events.onDisconnect();
  }

  private ifSamePhase<Values extends unknown[]>(
    run: (...values: Values) => void,
  ): (...values: Values) => void {
    const phase = this.phase;
    return (...values) => {
      if (phase === this.phase) run(...values);
    };
  }
}
