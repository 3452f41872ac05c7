/**
 * The built-in front end: Bun's server, HTTP and WebSocket on one port.
 *
 * Behaviour of Bun 1.4 that this code depends on (tested in frontend.bun.test.ts):
 * - `send` passes the frame to the kernel and buffers what the kernel does not take; over `backpressureLimit` it
 *   drops the frame and returns 0. The limit here is many times the size at which a room closes a slow reader.
 * - Each frame is one system call, short or long. Frames sent within `cork` or within a handler are one system call
 *   together, but then `send` cannot report what the kernel will not take.
 * - `close` sends what is buffered before the close frame, gives up after some seconds if the other
 *   side does not read, and calls the `close` handler at once, from within the call.
 * - A frame over `maxPayloadLength` is refused by its header alone (1009).
 * - `pause` stops reading; what was read before is still delivered.
 * - `idleTimeout` closes a request whose body stalls and a connection without a next request. If the head of the
 *   first request has not arrived within 10 to 12 s, Bun closes the connection whatever is configured.
 */
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun';
import { visitorAddress } from '../../lib/address.ts';
import type { Timers } from '../../lib/world.ts';
import type { Frontend, FrontendOptions, Peer, PeerHandler, UpgradeResponse } from './frontend.ts';

/** Largest request body; releases are not uploaded over HTTP. */
const HTTP_BODY_BYTES_MAX = 1024 * 1024;
/** Default of `httpIdleSeconds`. */
const HTTP_IDLE_SECONDS = 20;
/** Rooms close silent sockets far earlier; this closes sockets that no room watches. */
const SOCKET_IDLE_SECONDS = 120;
/** Over this Bun drops frames; rooms close a slow socket long before. */
const BACKPRESSURE_BYTES = 16 * 1024 * 1024;

interface SocketData {
  readonly address: string;
  /** Null once the socket is open, so that the closure can be collected: it is as large as the socket itself. */
  open: ((peer: Peer) => PeerHandler) | null;
  /** Null until the socket is open. */
  peer: BunPeer | null;
}

export function bunFrontend(options: FrontendOptions, timers: Timers): Frontend {
  const server = Bun.serve<SocketData>({
    hostname: options.hostname,
    port: options.port,
    maxRequestBodySize: HTTP_BODY_BYTES_MAX,
    idleTimeout: options.httpIdleSeconds ?? HTTP_IDLE_SECONDS,
    development: false,
    // By default, outside development mode, Bun shares the port with other processes of this user (SO_REUSEPORT).
    reusePort: false,
    fetch: (request, bun) => route(request, bun, options),
    error(error) {
      options.onError(error);
      return new Response('Something went wrong here.', { status: 500 });
    },
    websocket: socketHandlers(options),
  });
  return {
    port: server.port ?? options.port,
    async stop(graceMs) {
      const force = timers.after(graceMs, () => void server.stop(true));
      await server.stop(false);
      force();
    },
  };
}

function route(
  request: Request,
  bun: Server<SocketData>,
  options: FrontendOptions,
): Response | Promise<Response> | undefined {
  const address = visitorAddress(
    bun.requestIP(request)?.address ?? '',
    request.headers.get('x-forwarded-for'),
    options.trustedProxies ?? 0,
  );
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') return options.fetch(request, address);
  const response = options.onUpgrade({
    path: new URL(request.url).pathname,
    address,
    origin: request.headers.get('origin'),
  });
  if (!response.accept) return refusal(response);
  const data: SocketData = { address, open: response.open, peer: null };
  if (bun.upgrade(request, { data })) return undefined;
  return new Response('This is a WebSocket address.', { status: 426, headers: { upgrade: 'websocket' } });
}

function refusal({ status, retryAfter }: Extract<UpgradeResponse, { accept: false }>): Response {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return new Response(null, { status, headers });
}

function socketHandlers(options: FrontendOptions): WebSocketHandler<SocketData> {
  return {
    maxPayloadLength: options.frameBytesMax,
    backpressureLimit: BACKPRESSURE_BYTES,
    closeOnBackpressureLimit: false,
    perMessageDeflate: false,
    idleTimeout: SOCKET_IDLE_SECONDS,
    sendPings: true,
    open(ws) {
      const { open } = ws.data;
      if (open === null) throw new Error('a socket was opened twice');
      const peer = new BunPeer(ws);
      ws.data.peer = peer;
      ws.data.open = null;
      const handler = open(peer);
      if (peer.closeCode === null) peer.handler = handler;
      else handler.onClose(peer.closeCode);
    },
    message(ws, message) {
      const handler = ws.data.peer?.handler;
      if (typeof message === 'string') handler?.onText();
      else handler?.onMessage(message);
    },
    ping: (ws) => ws.data.peer?.handler?.onPing(),
    pong: (ws) => ws.data.peer?.handler?.onPong(),
    drain(ws) {
      const peer = ws.data.peer;
      if (!peer || ws.getBufferedAmount() > 0) return;
      peer.isBackpressured = false;
      peer.handler?.onDrain();
    },
    close(ws, code) {
      const peer = ws.data.peer;
      if (!peer) return;
      const { handler } = peer;
      peer.handler = null;
      peer.closeCode = code;
      handler?.onClose(code);
    },
    error(error, ws) {
      options.onError(error);
      ws.close(1011, 'Something went wrong here.');
    },
  };
}

class BunPeer implements Peer {
  isBackpressured = false;
  /** Null before it is created and after the socket is closed. */
  handler: PeerHandler | null = null;
  /** Set once the socket is closed, which can happen while its handler is being created. */
  closeCode: number | null = null;
  private readonly ws: ServerWebSocket<SocketData>;

  constructor(ws: ServerWebSocket<SocketData>) {
    this.ws = ws;
  }

  get address(): string {
    return this.ws.data.address;
  }

  send(frame: Uint8Array<ArrayBuffer>): boolean {
    const status = this.ws.sendBinary(frame);
    if (status > 0) return true;
    if (status === 0) return false;
    this.isBackpressured = true;
    return true;
  }

  cork(run: () => void): void {
    this.ws.cork(run);
    // Within a cork `send` cannot see backpressure: corked frames are passed to the kernel here.
    if (this.ws.getBufferedAmount() > 0) this.isBackpressured = true;
  }

  buffered(): number {
    return this.ws.getBufferedAmount();
  }

  ping(): void {
    this.ws.ping();
  }

  pause(): void {
    this.ws.pause();
  }

  resume(): void {
    this.ws.resume();
  }

  close(code: number, reason: string): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.close(code, reason);
  }
}
