/** The public port: HTTP for pages, WebSocket for rooms. The built-in adapter is Bun's server. */

/** One WebSocket. */
export interface Peer {
  /** The visitor's address, also behind trusted proxies; for limits only. */
  readonly address: string;
  /** Sends or buffers the whole frame. False = the socket is closed and nothing was sent. See `buffered`. */
  send(frame: Uint8Array): boolean;
  /** Calls `run` at once; frames that it sends to this socket leave in one write, up to the adapter's buffer size. */
  cork(run: () => void): void;
  /** Bytes accepted by `send` that the kernel has not taken yet. */
  buffered(): number;
  /**
   * True after a `send` or `cork` whose bytes the kernel did not take in full, until `onDrain`. A field, because it
   * is read for every move and socket, and `buffered` costs a call into the runtime.
   */
  readonly isBackpressured: boolean;
  /** Sends a WebSocket ping; the other side's runtime replies with a pong (`onPong`). */
  ping(): void;
  /** Stops reading, which is TCP backpressure for the other side. Frames that were read already are still delivered. */
  pause(): void;
  resume(): void;
  /** Sends buffered frames, then the close frame. A second call does nothing. */
  close(code: number, reason: string): void;
}

/** Events of one socket. Nothing is called after `onClose`. */
export interface PeerHandler {
  /** A binary frame; the bytes are only valid during the call. */
  onMessage(frame: Uint8Array): void;
  /** A text frame: not part of our protocol. */
  onText(): void;
  /** A WebSocket ping was received; the adapter has replied. Reported, because pings cause work and must be limited. */
  onPing(): void;
  /** A WebSocket pong was received, whether or not a ping was sent. */
  onPong(): void;
  /** The kernel has taken everything that was buffered. */
  onDrain(): void;
  /** The socket is closed, by either side or by an error. */
  onClose(code: number): void;
}

export interface UpgradeRequest {
  readonly path: string;
  readonly address: string;
  readonly origin: string | null;
}

/** The decision on an upgrade. `retryAfter` in seconds. */
export type UpgradeResponse =
  | { readonly accept: true; readonly open: (peer: Peer) => PeerHandler }
  | { readonly accept: false; readonly status: number; readonly retryAfter?: number };

export interface FrontendOptions {
  readonly hostname: string;
  readonly port: number;
  /** Number of trusted proxies in front of this port that append to X-Forwarded-For; default 0: it is ignored. */
  readonly trustedProxies?: number;
  readonly fetch: (request: Request, address: string) => Response | Promise<Response>;
  /** Called before any other work is done for the socket. */
  readonly onUpgrade: (request: UpgradeRequest) => UpgradeResponse;
  /** A longer frame closes the socket with 1009, before its body is read into memory. */
  readonly frameBytesMax: number;
  /** An HTTP connection without traffic is closed after this time: a stalled body or no next request; default 20, 0 = never. */
  readonly httpIdleSeconds?: number;
  /** A handler threw, which is a bug. Its request gets 500, its socket is closed with 1011; others are not affected. */
  readonly onError: (error: unknown) => void;
}

export interface Frontend {
  readonly port: number;
  /** Stops listening; open requests and sockets get `graceMs` to end. */
  stop(graceMs: number): Promise<void>;
}
