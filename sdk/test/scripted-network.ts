/** Sockets in memory: frames arrive in order after a delay, and a socket can be cut at any time. */
import type { SessionSocket, SessionSocketEvents } from '../src/session-api.ts';
import type { FakeTime } from './fake-time.ts';

/** The server's handlers for one socket. */
export interface ServerEnd {
  message(frame: Uint8Array): void;
  closed(): void;
}

export class ScriptedSocket {
  readonly url: string;
  /** All frames the page sent, in order, including those that did not arrive. */
  readonly sent: Uint8Array[] = [];
  /** The page called `close`. */
  isLeft = false;
  server: ServerEnd | null = null;
  /** If not null, the server's frames wait here. */
  heldFrames: (() => void)[] | null = null;
  private readonly time: FakeTime;
  private readonly events: SessionSocketEvents;
  private readonly latencyMs: number;
  private isCut = false;

  constructor(time: FakeTime, url: string, events: SessionSocketEvents, latencyMs: number) {
    this.time = time;
    this.url = url;
    this.events = events;
    this.latencyMs = latencyMs;
  }

  get isOpen(): boolean {
    return !this.isCut && !this.isLeft;
  }

  accept(): void {
    this.afterLatency(() => this.events.onOpen());
  }

  /** The server sends a copy of the frame. */
  deliver(frame: Uint8Array): void {
    const copy = frame.slice();
    const arrive = (): void => this.events.onMessage(copy);
    if (this.heldFrames) this.heldFrames.push(arrive);
    else this.afterLatency(arrive);
  }

  /** Delivers all held frames synchronously, one directly after another. */
  releaseHeldFrames(): void {
    const arrivals = this.heldFrames ?? [];
    this.heldFrames = null;
    for (const arrive of arrivals) arrive();
  }

  /** The server closes the socket. */
  close(code: number, reason = ''): void {
    this.afterLatency(() => {
      this.isCut = true;
      this.events.onClose(code, reason);
    });
  }

  /** The network fails silently: nothing arrives on either side, and neither side gets an event. */
  cut(): void {
    this.isCut = true;
  }

  /** The network fails and the browser reports it. */
  reset(): void {
    this.isCut = true;
    this.events.onClose(1006, '');
  }

  /** Delivers a close event of a socket that the page has closed, as browsers may do. */
  emitLateClose(code: number): void {
    this.events.onClose(code, 'late');
  }

  pageEnd(): SessionSocket {
    return {
      send: (frame) => {
        this.sent.push(frame);
        const copy = frame.slice();
        this.afterLatency(() => this.server?.message(copy));
      },
      close: () => {
        this.isLeft = true;
        this.time.after(this.latencyMs, () => this.server?.closed());
      },
    };
  }

  private afterLatency(run: () => void): void {
    this.time.after(this.latencyMs, () => {
      if (this.isOpen) run();
    });
  }
}
