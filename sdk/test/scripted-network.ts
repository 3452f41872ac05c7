/** Sockets in memory: frames take time, arrive in order, and can be cut off at any moment. */
import type { SessionSocket, SessionSocketEvents } from '../src/session-api.ts';
import type { FakeTime } from './fake-time.ts';

/** The server's end of one socket. */
export interface ServerEnd {
  message(frame: Uint8Array): void;
  closed(): void;
}

export class ScriptedSocket {
  readonly url: string;
  /** What the page sent, in order, whether it arrived or not. */
  readonly sent: Uint8Array[] = [];
  /** The page called close. */
  left = false;
  server: ServerEnd | null = null;
  /** While it is a list, the server's frames wait in it. */
  gathered: (() => void)[] | null = null;
  readonly #time: FakeTime;
  readonly #events: SessionSocketEvents;
  readonly #latencyMs: number;
  #cut = false;

  constructor(time: FakeTime, url: string, events: SessionSocketEvents, latencyMs: number) {
    this.#time = time;
    this.url = url;
    this.#events = events;
    this.#latencyMs = latencyMs;
  }

  get open(): boolean {
    return !this.#cut && !this.left;
  }

  accept(): void {
    this.#later(() => this.#events.opened());
  }

  /** The server sends a frame; its bytes are its own. */
  deliver(frame: Uint8Array): void {
    const copy = frame.slice();
    const arrive = (): void => this.#events.message(copy);
    if (this.gathered) this.gathered.push(arrive);
    else this.#later(arrive);
  }

  /** All that was gathered arrives in one moment: nothing of the page runs in between. */
  arriveTogether(): void {
    const arrivals = this.gathered ?? [];
    this.gathered = null;
    for (const arrive of arrivals) arrive();
  }

  /** The server closes. */
  close(code: number, reason = ''): void {
    this.#later(() => {
      this.#cut = true;
      this.#events.closed(code, reason);
    });
  }

  /** The network dies without a word: nothing arrives any more, on either side. */
  cut(): void {
    this.#cut = true;
  }

  /** The network dies and the browser notices. */
  reset(): void {
    this.#cut = true;
    this.#events.closed(1006, '');
  }

  /** An event of a socket that the page has left: browsers may deliver them. */
  haunt(code: number): void {
    this.#events.closed(code, 'late');
  }

  pageEnd(): SessionSocket {
    return {
      send: (frame) => {
        this.sent.push(frame);
        const copy = frame.slice();
        this.#later(() => this.server?.message(copy));
      },
      close: () => {
        this.left = true;
        this.#time.after(this.#latencyMs, () => this.server?.closed());
      },
    };
  }

  #later(run: () => void): void {
    this.#time.after(this.#latencyMs, () => {
      if (this.open) run();
    });
  }
}
