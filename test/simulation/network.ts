/**
 * The network between pages and servers: frames take time and arrive in order; links are cut without
 * a word or reset; a slow link fills up. A server that dies takes its ends with it; one that is
 * frozen answers nothing, and its sockets stay open.
 */
import { crc32 } from 'node:zlib';
import type { SessionSocket, SessionSocketEvents } from '../../sdk/src/session-api.ts';
import type { Peer, PeerHandler, SocketAnswer, SocketOffer } from '../../src/ports/frontend/frontend.ts';
import { describeFrame, frameName } from './frame-names.ts';
import type { Lease } from './lease.ts';
import type { Scheduler } from './scheduler.ts';

/** What a kernel takes before a socket counts as congested, in bytes. */
const WINDOW_BYTES = 2 * 1024;

/** So long frames still come after `pause`, ms. */
const READ_AHEAD_MS = 6;

/** What the oracle wants to know of a link. */
export interface LinkWatcher {
  /** The server reads this frame. */
  up(link: Link, frame: Uint8Array): void;
  /** The server has looked at this frame and keeps the link. */
  taken(link: Link, frame: Uint8Array): void;
  /** The server has sent this frame: it is out of its hands. */
  down(link: Link, frame: Uint8Array): void;
  /** Nothing more is said on it. */
  gone(link: Link): void;
}

/** Where sockets of a server come in. */
export interface ServerDoor {
  readonly lease: Lease;
  sockets(offer: SocketOffer): SocketAnswer;
}

export class Network {
  /** Pages cannot connect while false. */
  up = true;
  readonly links = new Set<Link>();
  readonly scheduler: Scheduler;
  readonly watcher: LinkWatcher;
  /** Where a room's sockets go now; null if nobody listens. */
  readonly route: (room: string) => ServerDoor | null;
  /** A planted bug: the server's front end forgets frames on a congested socket. */
  readonly forgets: boolean;

  constructor(
    scheduler: Scheduler,
    watcher: LinkWatcher,
    route: (room: string) => ServerDoor | null,
    forgets: boolean,
  ) {
    this.scheduler = scheduler;
    this.watcher = watcher;
    this.route = route;
    this.forgets = forgets;
  }

  /** A page opens a socket. */
  connect(page: Lease, name: string, url: string, events: SessionSocketEvents): SessionSocket {
    const link = new Link(this, page, name, new URL(url).pathname, events);
    this.links.add(link);
    link.dial();
    return link.pageEnd();
  }

  /** The server is gone; pages hear of it, or not. */
  serverDied(server: Lease): void {
    for (const link of this.links) if (link.server === server) link.serverDied(this.scheduler.chance(0.7));
  }
}

export class Link implements Peer {
  readonly address: string;
  readonly name: string;
  readonly room: string;
  congested = false;
  server: Lease | null = null;
  readonly #network: Network;
  readonly #scheduler: Scheduler;
  readonly #page: Lease;
  readonly #path: string;
  readonly #events: SessionSocketEvents;
  /** How long a frame takes at least; each link has its own. */
  readonly #latencyMs: number;
  readonly #slow: boolean;
  #handler: PeerHandler | null = null;
  #cut = false;
  #pageOpen = true;
  #paused: Uint8Array[] | null = null;
  /** What was on its way into the program when it stopped reading still comes. */
  #pausedFrom = 0;
  #upAt = 0;
  #downAt = 0;
  #downBytes = 0;

  constructor(network: Network, page: Lease, name: string, path: string, events: SessionSocketEvents) {
    this.#network = network;
    this.#scheduler = network.scheduler;
    this.#page = page;
    this.#path = path;
    this.#events = events;
    this.name = name;
    this.address = name;
    this.room = path.split('/')[4] ?? '';
    this.#latencyMs = network.scheduler.between(0.2, 30);
    this.#slow = network.scheduler.chance(0.25);
    if (this.#slow) network.scheduler.mark('network: slow link');
  }

  dial(): void {
    this.#later('up', () => {
      const door = this.#network.up ? this.#network.route(this.room) : null;
      // Nobody answers at all, or the machine says that there is nobody.
      if (door === null) return void (this.#scheduler.chance(0.3) ? this.cut() : this.reset());
      this.server = door.lease;
      door.lease.deliver(() => this.#answer(door));
    });
  }

  pageEnd(): SessionSocket {
    return {
      send: (frame) => {
        const copy = frame.slice();
        this.#later('up', () => this.#toServer(() => this.#arrive(copy)));
      },
      close: () => {
        this.#pageOpen = false;
        this.#later('up', () => this.#toServer(() => this.#serverEnds(1005)));
      },
    };
  }

  /** Nothing arrives any more, and nobody is told. Answers whether it was whole. */
  cut(): boolean {
    return this.#break('network: half-open');
  }

  /** Both sides notice, each in its own time. Answers whether it was whole. */
  reset(): boolean {
    const wasWhole = this.#break('network: reset');
    const soon = () => this.#scheduler.between(0, 100);
    this.#scheduler.after(soon(), () => this.#closePage(1006));
    this.#scheduler.after(soon(), () => this.#toServer(() => this.#serverEnds(1006)));
    return wasWhole;
  }

  /** The page is gone: its kernel says so, unless the link is cut. */
  pageDied(): void {
    this.#pageOpen = false;
    this.#later('up', () => this.#toServer(() => this.#serverEnds(1001)));
  }

  serverDied(told: boolean): void {
    this.#handler = null;
    this.#network.watcher.gone(this);
    if (told) this.reset();
    else this.cut();
    this.#network.links.delete(this);
  }

  // The server's side of it.

  send(frame: Uint8Array): boolean {
    if (this.#handler === null) return false;
    if (this.congested && this.#network.forgets) return true;
    const copy = this.#note('down', frame);
    this.#network.watcher.down(this, frame);
    this.#downBytes += copy.length;
    if (this.#downBytes > WINDOW_BYTES) this.congested = true;
    this.#later('down', () => {
      this.#tellPage(() => this.#events.message(copy));
      this.#taken(copy.length);
    });
    return true;
  }

  together(run: () => void): void {
    run();
  }

  buffered(): number {
    return Math.max(0, this.#downBytes - WINDOW_BYTES);
  }

  ping(): void {
    this.#later('down', () => this.#later('up', () => this.#toServer(() => this.#handler?.alive())));
  }

  pause(): void {
    this.#scheduler.mark('network: server stops reading');
    this.#paused ??= [];
    this.#pausedFrom = this.#scheduler.now + READ_AHEAD_MS;
  }

  resume(): void {
    const waiting = this.#paused ?? [];
    this.#paused = null;
    for (const frame of waiting) this.#arrive(frame);
  }

  close(code: number, reason: string): void {
    this.#scheduler.mark(`close ${code}`);
    this.#scheduler.trace(() => `${this.name} <- close ${code} ${reason}`);
    this.#later('down', () => {
      this.#closePage(code, reason);
      this.#cut = true;
    });
    this.#serverEnds(code);
  }

  #break(how: string): boolean {
    const wasWhole = !this.#cut;
    if (wasWhole) this.#scheduler.mark(how);
    this.#cut = true;
    return wasWhole;
  }

  /** The upgrade: the page hears of it after everything that was decided. */
  #answer(door: ServerDoor): void {
    const answer = door.sockets({ path: this.#path, address: this.address, origin: null });
    if (!answer.accept) {
      this.#scheduler.mark(`declined ${answer.status}`);
      return void this.reset();
    }
    this.#later('down', () => this.#tellPage(() => this.#events.opened()));
    // It may be closed from within.
    const handler = answer.open(this);
    if (this.#network.links.has(this)) this.#handler = handler;
  }

  /** Over a cut link nothing is ever taken: the buffer stays full. */
  #taken(length: number): void {
    this.#downBytes -= length;
    if (this.#downBytes > 0 || !this.congested) return;
    this.congested = false;
    this.#toServer(() => this.#handler?.drained());
  }

  #arrive(frame: Uint8Array): void {
    if (this.#paused !== null && this.#scheduler.now >= this.#pausedFrom) this.#paused.push(frame);
    else if (this.#handler !== null) {
      this.#note('up', frame);
      this.#network.watcher.up(this, frame);
      this.#handler.message(frame);
      if (this.#handler !== null) this.#network.watcher.taken(this, frame);
    }
  }

  /** Counts a frame and answers a copy of it. */
  #note(way: 'up' | 'down', frame: Uint8Array): Uint8Array {
    this.#scheduler.event(way, crc32(frame));
    this.#scheduler.mark(`${way} ${frameName(frame)}`);
    this.#scheduler.trace(() => `${this.name} ${way === 'up' ? '->' : '<-'} ${describeFrame(frame)}`);
    return frame.slice();
  }

  #serverEnds(code: number): void {
    const handler = this.#handler;
    this.#handler = null;
    this.#network.links.delete(this);
    this.#network.watcher.gone(this);
    handler?.closed(code);
  }

  #closePage(code: number, reason = ''): void {
    this.#tellPage(() => this.#events.closed(code, reason));
    this.#pageOpen = false;
  }

  #tellPage(tell: () => void): void {
    if (this.#pageOpen && this.#page.alive) tell();
  }

  #toServer(run: () => void): void {
    this.server?.deliver(run);
  }

  #later(way: 'up' | 'down', run: () => void): void {
    if (this.#cut) return;
    const { now } = this.#scheduler;
    const delay = this.#latencyMs + this.#scheduler.between(0, this.#slow && way === 'down' ? 200 : 5);
    const at = Math.max(now + delay, way === 'up' ? this.#upAt : this.#downAt);
    if (way === 'up') this.#upAt = at;
    else this.#downAt = at;
    this.#scheduler.after(at - now, () => {
      if (!this.#cut) run();
    });
  }
}
