/**
 * The network between pages and servers: frames take time and arrive in order; links are cut silently or
 * reset; a slow link fills up. The links of a server end with it; a frozen server does not reply, and its
 * sockets stay open.
 */
import { crc32 } from 'node:zlib';
import type { SessionSocket, SessionSocketEvents } from '../../sdk/src/session-api.ts';
import type {
  Peer,
  PeerHandler,
  UpgradeResponse,
  UpgradeRequest,
} from '../../src/ports/frontend/frontend.ts';
import { describeFrame, frameName } from './frame-names.ts';
import type { Lease } from './lease.ts';
import type { Scheduler } from './scheduler.ts';

/** Bytes in flight from which a socket counts as congested. */
const WINDOW_BYTES = 2 * 1024;

/** Time during which frames still arrive after `pause`, ms. */
const READ_AHEAD_MS = 6;

/** Events of a link, for the oracle. */
export interface LinkWatcher {
  /** The server is about to read this frame. */
  received(link: Link, frame: Uint8Array): void;
  /** The server has processed this frame and keeps the link. */
  processed(link: Link, frame: Uint8Array): void;
  /** The server has sent this frame and cannot take it back. */
  sent(link: Link, frame: Uint8Array): void;
  /** No more frames go over the link. */
  closed(link: Link): void;
}

/** Accepts the sockets of a server. */
export interface ServerEndpoint {
  readonly lease: Lease;
  sockets(offer: UpgradeRequest): UpgradeResponse;
}

export class Network {
  /** Pages cannot connect while false. */
  up = true;
  readonly links = new Set<Link>();
  readonly scheduler: Scheduler;
  readonly watcher: LinkWatcher;
  /** The endpoint of a room's sockets; null = no server listens there. */
  readonly route: (room: string) => ServerEndpoint | null;
  /** For a mutant: frames on a congested socket are dropped. */
  readonly dropsWhenCongested: boolean;

  constructor(
    scheduler: Scheduler,
    watcher: LinkWatcher,
    route: (room: string) => ServerEndpoint | null,
    forgets: boolean,
  ) {
    this.scheduler = scheduler;
    this.watcher = watcher;
    this.route = route;
    this.dropsWhenCongested = forgets;
  }

  /** Opens a socket for a page. */
  connect(page: Lease, name: string, url: string, events: SessionSocketEvents): SessionSocket {
    const link = new Link(this, page, name, new URL(url).pathname, events);
    this.links.add(link);
    link.dial();
    return link.pageEnd();
  }

  /** The server has ended: its links are reset or cut. */
  serverDied(server: Lease): void {
    for (const link of this.links) if (link.server === server) link.serverDied(this.scheduler.chance(0.7));
  }
}

export class Link implements Peer {
  readonly address: string;
  readonly name: string;
  readonly room: string;
  isBackpressured = false;
  server: Lease | null = null;
  private readonly network: Network;
  private readonly scheduler: Scheduler;
  private readonly page: Lease;
  private readonly path: string;
  private readonly events: SessionSocketEvents;
  /** Least latency of a frame, ms; each link has its own. */
  private readonly latencyMs: number;
  private readonly slow: boolean;
  private handler: PeerHandler | null = null;
  private isCut = false;
  private pageOpen = true;
  private paused: Uint8Array[] | null = null;
  /** From then on frames wait, ms: what was already on its way into the program still arrives. */
  private pausedFrom = 0;
  private upAt = 0;
  private downAt = 0;
  private downBytes = 0;

  constructor(network: Network, page: Lease, name: string, path: string, events: SessionSocketEvents) {
    this.network = network;
    this.scheduler = network.scheduler;
    this.page = page;
    this.path = path;
    this.events = events;
    this.name = name;
    this.address = name;
    this.room = path.split('/')[4] ?? '';
    this.latencyMs = network.scheduler.between(0.2, 30);
    this.slow = network.scheduler.chance(0.25);
    if (this.slow) network.scheduler.count('network: slow link');
  }

  dial(): void {
    this.later('up', () => {
      const endpoint = this.network.up ? this.network.route(this.room) : null;
      // Either there is no reply, or the machine refuses the connection.
      if (endpoint === null) return void (this.scheduler.chance(0.3) ? this.cut() : this.reset());
      this.server = endpoint.lease;
      endpoint.lease.deliver(() => this.upgrade(endpoint));
    });
  }

  pageEnd(): SessionSocket {
    return {
      send: (frame) => {
        const copy = frame.slice();
        this.later('up', () => this.toServer(() => this.arrive(copy)));
      },
      close: () => {
        this.pageOpen = false;
        this.later('up', () => this.toServer(() => this.endServer(1005)));
      },
    };
  }

  /** Nothing arrives from now on, and neither side is notified. Returns whether the link was whole. */
  cut(): boolean {
    return this.break('network: half-open');
  }

  /** Both sides are notified, each after its own time. Returns whether the link was whole. */
  reset(): boolean {
    const wasWhole = this.break('network: reset');
    const soon = () => this.scheduler.between(0, 100);
    this.scheduler.after(soon(), () => this.closePage(1006));
    this.scheduler.after(soon(), () => this.toServer(() => this.endServer(1006)));
    return wasWhole;
  }

  /** The page has ended: its kernel closes the socket, unless the link is cut. */
  pageDied(): void {
    this.pageOpen = false;
    this.later('up', () => this.toServer(() => this.endServer(1001)));
  }

  serverDied(isReset: boolean): void {
    this.handler = null;
    this.network.watcher.closed(this);
    if (isReset) this.reset();
    else this.cut();
    this.network.links.delete(this);
  }

  // The server's side.

  send(frame: Uint8Array): boolean {
    if (this.handler === null) return false;
    if (this.isBackpressured && this.network.dropsWhenCongested) return true;
    const copy = this.countFrame('down', frame);
    this.network.watcher.sent(this, frame);
    this.downBytes += copy.length;
    if (this.downBytes > WINDOW_BYTES) this.isBackpressured = true;
    this.later('down', () => {
      this.toPage(() => this.events.onMessage(copy));
      this.delivered(copy.length);
    });
    return true;
  }

  cork(run: () => void): void {
    run();
  }

  buffered(): number {
    return Math.max(0, this.downBytes - WINDOW_BYTES);
  }

  ping(): void {
    this.later('down', () => this.later('up', () => this.toServer(() => this.handler?.onPong())));
  }

  pause(): void {
    this.scheduler.count('network: server stops reading');
    this.paused ??= [];
    this.pausedFrom = this.scheduler.now + READ_AHEAD_MS;
  }

  resume(): void {
    const waiting = this.paused ?? [];
    this.paused = null;
    for (const frame of waiting) this.arrive(frame);
  }

  close(code: number, reason: string): void {
    this.scheduler.count(`close ${code}`);
    this.scheduler.trace(() => `${this.name} <- close ${code} ${reason}`);
    this.later('down', () => {
      this.closePage(code, reason);
      this.isCut = true;
    });
    this.endServer(code);
  }

  private break(how: string): boolean {
    const wasWhole = !this.isCut;
    if (wasWhole) this.scheduler.count(how);
    this.isCut = true;
    return wasWhole;
  }

  /** The upgrade; the page is notified after everything else was decided. */
  private upgrade(endpoint: ServerEndpoint): void {
    const answer = endpoint.sockets({ path: this.path, address: this.address, origin: null });
    if (!answer.accept) {
      this.scheduler.count(`declined ${answer.status}`);
      return void this.reset();
    }
    this.later('down', () => this.toPage(() => this.events.onOpen()));
    // `open` may close the link.
    const handler = answer.open(this);
    if (this.network.links.has(this)) this.handler = handler;
  }

  /** Frees the buffer; over a cut link that never happens. */
  private delivered(length: number): void {
    this.downBytes -= length;
    if (this.downBytes > 0 || !this.isBackpressured) return;
    this.isBackpressured = false;
    this.toServer(() => this.handler?.onDrain());
  }

  private arrive(frame: Uint8Array): void {
    if (this.paused !== null && this.scheduler.now >= this.pausedFrom) this.paused.push(frame);
    else if (this.handler !== null) {
      this.countFrame('up', frame);
      this.network.watcher.received(this, frame);
      this.handler.onMessage(frame);
      if (this.handler !== null) this.network.watcher.processed(this, frame);
    }
  }

  /** Counts a frame and returns a copy of it. */
  private countFrame(way: 'up' | 'down', frame: Uint8Array): Uint8Array {
    this.scheduler.event(way, crc32(frame));
    this.scheduler.count(`${way} ${frameName(frame)}`);
    this.scheduler.trace(() => `${this.name} ${way === 'up' ? '->' : '<-'} ${describeFrame(frame)}`);
    return frame.slice();
  }

  private endServer(code: number): void {
    const handler = this.handler;
    this.handler = null;
    this.network.links.delete(this);
    this.network.watcher.closed(this);
    handler?.onClose(code);
  }

  private closePage(code: number, reason = ''): void {
    this.toPage(() => this.events.onClose(code, reason));
    this.pageOpen = false;
  }

  private toPage(run: () => void): void {
    if (this.pageOpen && this.page.alive) run();
  }

  private toServer(run: () => void): void {
    this.server?.deliver(run);
  }

  private later(way: 'up' | 'down', run: () => void): void {
    if (this.isCut) return;
    const { now } = this.scheduler;
    const delay = this.latencyMs + this.scheduler.between(0, this.slow && way === 'down' ? 200 : 5);
    const at = Math.max(now + delay, way === 'up' ? this.upAt : this.downAt);
    if (way === 'up') this.upAt = at;
    else this.downAt = at;
    this.scheduler.after(at - now, () => {
      if (!this.isCut) run();
    });
  }
}
