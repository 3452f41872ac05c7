/**
 * The network between pages and the server: frames take time and arrive in order; links are cut
 * without a word or reset; a slow link fills up. A server that dies takes its ends with it.
 */
import type { SessionSocket, SessionSocketEvents } from '../../sdk/src/session-api.ts';
import type { Peer, PeerHandler, SocketAnswer, SocketOffer } from '../../src/ports/frontend/frontend.ts';
import type { Lease, Scheduler } from './scheduler.ts';

/** What a kernel takes before a socket counts as congested, in bytes. */
const WINDOW_BYTES = 2 * 1024;

/** What the oracle wants to know of a link. */
export interface LinkWatcher {
  /** The server reads this frame. */
  up(link: Link, frame: Uint8Array): void;
  /** The server has sent this frame: it is out of its hands. */
  down(link: Link, frame: Uint8Array): void;
}

export interface ServerDoor {
  sockets(offer: SocketOffer): SocketAnswer;
}

export class Network {
  /** null while no server runs. */
  door: ServerDoor | null = null;
  /** Pages cannot connect while false. */
  up = true;
  readonly links = new Set<Link>();
  readonly scheduler: Scheduler;
  readonly watcher: LinkWatcher;
  /** A planted bug: the server's front end forgets frames on a congested socket. */
  readonly forgets: boolean;

  constructor(scheduler: Scheduler, watcher: LinkWatcher, forgets = false) {
    this.scheduler = scheduler;
    this.watcher = watcher;
    this.forgets = forgets;
  }

  /** A page opens a socket. */
  connect(page: Lease, name: string, url: string, events: SessionSocketEvents): SessionSocket {
    const link = new Link(this, page, name, events);
    this.links.add(link);
    link.dial(new URL(url).pathname);
    return link.pageEnd();
  }

  /** The server is gone; pages hear of it, or not. */
  serverDied(): void {
    this.door = null;
    for (const link of this.links) link.serverDied(this.scheduler.chance(0.7));
  }
}

export class Link implements Peer {
  readonly address = '10.0.0.1';
  readonly name: string;
  congested = false;
  readonly #network: Network;
  readonly #scheduler: Scheduler;
  readonly #page: Lease;
  readonly #events: SessionSocketEvents;
  /** How long a frame takes at least; each link has its own. */
  readonly #latencyMs: number;
  readonly #slow: boolean;
  #handler: PeerHandler | null = null;
  #cut = false;
  #pageOpen = true;
  #paused: Uint8Array[] | null = null;
  #upAt = 0;
  #downAt = 0;
  #downBytes = 0;

  constructor(network: Network, page: Lease, name: string, events: SessionSocketEvents) {
    this.#network = network;
    this.#scheduler = network.scheduler;
    this.#page = page;
    this.name = name;
    this.#events = events;
    this.#latencyMs = network.scheduler.between(0.2, 30);
    this.#slow = network.scheduler.chance(0.3);
  }

  dial(path: string): void {
    this.#later('up', () => {
      const { door, up } = this.#network;
      // Nobody answers at all, or the machine says that there is nobody.
      if (!up || door === null) return this.#scheduler.chance(0.3) ? this.cut() : this.reset();
      const answer = door.sockets({ path, address: this.address, origin: null });
      if (!answer.accept) return this.reset();
      this.#later('down', () => this.#tellPage(() => this.#events.opened()));
      this.#handler = answer.open(this);
    });
  }

  pageEnd(): SessionSocket {
    return {
      send: (frame) => {
        const copy = frame.slice();
        this.#later('up', () => this.#arrive(copy));
      },
      close: () => {
        this.#pageOpen = false;
        this.#later('up', () => this.#serverEnds(1005));
      },
    };
  }

  /** Nothing arrives any more, and nobody is told. */
  cut(): void {
    this.#cut = true;
  }

  /** Both sides notice, each in its own time. */
  reset(): void {
    this.#cut = true;
    const soon = () => this.#scheduler.between(0, 100);
    this.#scheduler.after(soon(), () => this.#closePage(1006));
    this.#scheduler.after(soon(), () => this.#serverEnds(1006));
  }

  /** The page is gone: its kernel says so, unless the link is cut. */
  pageDied(): void {
    this.#pageOpen = false;
    this.#later('up', () => this.#serverEnds(1001));
  }

  serverDied(told: boolean): void {
    this.#handler = null;
    if (told) this.reset();
    else this.cut();
  }

  // The server's side of it.

  send(frame: Uint8Array): boolean {
    if (this.#handler === null) return false;
    if (this.congested && this.#network.forgets) return true;
    this.#network.watcher.down(this, frame);
    const copy = frame.slice();
    this.#downBytes += copy.length;
    if (this.#downBytes > WINDOW_BYTES) this.congested = true;
    this.#later('down', () => {
      this.#tellPage(() => this.#events.message(copy));
      this.#taken(copy.length);
    });
    return true;
  }

  buffered(): number {
    return Math.max(0, this.#downBytes - WINDOW_BYTES);
  }

  ping(): void {
    this.#later('down', () => this.#later('up', () => this.#handler?.alive()));
  }

  pause(): void {
    this.#paused ??= [];
  }

  resume(): void {
    const waiting = this.#paused ?? [];
    this.#paused = null;
    for (const frame of waiting) this.#handler?.message(frame);
  }

  close(code: number, reason: string): void {
    this.#later('down', () => {
      this.#closePage(code, reason);
      this.#cut = true;
    });
    this.#serverEnds(code);
  }

  /** Over a cut link nothing is ever taken: the buffer stays full. */
  #taken(length: number): void {
    this.#downBytes -= length;
    if (this.#downBytes > 0 || !this.congested) return;
    this.congested = false;
    this.#handler?.drained();
  }

  #arrive(frame: Uint8Array): void {
    if (this.#paused !== null) this.#paused.push(frame);
    else if (this.#handler !== null) {
      this.#network.watcher.up(this, frame);
      this.#handler.message(frame);
    }
  }

  #serverEnds(code: number): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#network.links.delete(this);
    handler?.closed(code);
  }

  #closePage(code: number, reason = ''): void {
    this.#tellPage(() => this.#events.closed(code, reason));
    this.#pageOpen = false;
  }

  #tellPage(tell: () => void): void {
    if (this.#pageOpen && this.#page.alive) tell();
  }

  #later(way: 'up' | 'down', run: () => void): void {
    if (this.#cut) return;
    const now = this.#scheduler.now;
    const delay = this.#latencyMs + this.#scheduler.between(0, this.#slow && way === 'down' ? 200 : 5);
    const at = Math.max(now + delay, way === 'up' ? this.#upAt : this.#downAt);
    if (way === 'up') this.#upAt = at;
    else this.#downAt = at;
    this.#scheduler.after(at - now, () => {
      if (!this.#cut) run();
    });
  }
}
