/** The public port: HTTP for pages, WebSocket for rooms. The built-in adapter is Bun's server. */
export interface Peer {
  /** The visitor's address, also behind trusted proxies; for limits only. */
  readonly address: string;
  /** Takes the whole frame or (socket gone) none of it: false. Never drops silently: see `buffered`. */
  send(frame: Uint8Array): boolean;
  /** Runs it at once; what it sends to this socket leaves in one write, as far as that may be long. */
  together(run: () => void): void;
  /** Bytes accepted by `send` that the kernel has not taken yet. */
  buffered(): number;
  /**
   * True from a `send` of which the kernel did not take everything until `drained`: what the sender
   * of every move looks at, since asking for `buffered` costs a call each time.
   */
  readonly congested: boolean;
  /** A ping of the WebSocket layer; the other side's runtime answers it, and `alive` follows. */
  ping(): void;
  /** Stops reading: the other side feels it as TCP backpressure. Frames already read still come. */
  pause(): void;
  resume(): void;
  /** Graceful: buffered frames first, then the close frame. A second call does nothing. */
  close(code: number, reason: string): void;
}

/** What happens on one socket. No call comes after `closed`. */
export interface PeerHandler {
  /** A binary frame; the bytes are only valid during the call. */
  message(frame: Uint8Array): void;
  /** A text frame: never part of our protocol. */
  text(): void;
  /** A ping of the WebSocket layer came in, and is answered: work that the other side gives at no cost. */
  pinged(): void;
  /** A pong of the WebSocket layer came in, asked for or not: the other side lives. */
  alive(): void;
  /** Everything buffered has gone out. */
  drained(): void;
  /** The socket is gone, whoever closed it. */
  closed(code: number): void;
}

export interface SocketOffer {
  readonly path: string;
  readonly address: string;
  readonly origin: string | null;
}

/** Decides on an upgrade before any other work is done for it. */
export type SocketAnswer =
  | { readonly accept: true; readonly open: (peer: Peer) => PeerHandler }
  | { readonly accept: false; readonly status: number; readonly retryAfter?: number };

export interface FrontendOptions {
  readonly hostname: string;
  readonly port: number;
  /** Proxies of ours before this port, whose X-Forwarded-For is believed; default 0, then no header is. */
  readonly trustedProxies?: number;
  readonly fetch: (request: Request, address: string) => Response | Promise<Response>;
  readonly sockets: (offer: SocketOffer) => SocketAnswer;
  /** A longer frame closes the socket with 1009, before it is held in memory. */
  readonly frameBytesMax: number;
  /** So long a request's body may take to come, and a connection may wait for another one; default 20, 0 = for ever. */
  readonly httpIdleSeconds?: number;
  /** A bug: a handler threw. Its request got 500, its socket 1011; everybody else goes on. */
  readonly failed: (error: unknown) => void;
}

export interface Frontend {
  readonly port: number;
  /** Stops listening; open requests and sockets get `graceMs` to end. */
  stop(graceMs: number): Promise<void>;
}
