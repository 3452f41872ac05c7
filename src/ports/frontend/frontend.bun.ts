/**
 * The built-in front end: Bun's server, HTTP and WebSocket on one port.
 *
 * What Bun 1.4 does, as its tests beside this file show, and what follows from it:
 * - `send` hands the frame to the kernel and keeps what did not fit; over `backpressureLimit` it
 *   drops and answers 0. The limit here is many times the cap at which a room closes a slow reader.
 * - a frame is one call of the kernel, short or long; what is sent within `cork`, or while a handler runs,
 *   is one together, but then `send` cannot tell what the kernel will not take.
 * - `close` sends what is buffered before the close frame, gives up after some seconds if the other
 *   side does not read, and reports `close` at once, from within the call.
 * - a frame over `maxPayloadLength` is refused by its header alone (1009).
 * - `pause` stops reading; what was read before still comes.
 * - a request whose body comes byte by byte is closed by `idleTimeout`, like a connection without another
 *   one; where the head of the first has not come within 10 to 12 s, Bun closes, whatever is set.
 */
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun';
import { visitorAddress } from '../../lib/address.ts';
import type { Timers } from '../../lib/world.ts';
import type { Frontend, FrontendOptions, Peer, PeerHandler, SocketAnswer } from './frontend.ts';

/** Largest request body; uploads of whole releases do not come this way. */
const HTTP_BODY_BYTES_MAX = 1024 * 1024;
/** An HTTP connection on which nothing moves is closed after this many seconds, unless told otherwise. */
const HTTP_IDLE_SECONDS = 20;
/** Rooms close silent sockets far earlier; this catches one that nobody looks after. */
const SOCKET_IDLE_SECONDS = 120;
/** Over this Bun drops frames; rooms close a socket long before. */
const BACKPRESSURE_BYTES = 16 * 1024 * 1024;

interface SocketData {
  readonly address: string;
  /** Null once the socket is open: what it holds on to is as large as the socket. */
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
    // Without development mode Bun would share the port with every other process of this user that does so.
    reusePort: false,
    fetch: (request, bun) => route(request, bun, options),
    error(error) {
      options.failed(error);
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
  const answer = options.sockets({
    path: new URL(request.url).pathname,
    address,
    origin: request.headers.get('origin'),
  });
  if (!answer.accept) return refusal(answer);
  const data: SocketData = { address, open: answer.open, peer: null };
  if (bun.upgrade(request, { data })) return undefined;
  return new Response('This is a WebSocket address.', { status: 426, headers: { upgrade: 'websocket' } });
}

function refusal(answer: Extract<SocketAnswer, { accept: false }>): Response {
  const headers = answer.retryAfter === undefined ? {} : { 'retry-after': String(answer.retryAfter) };
  return new Response(null, { status: answer.status, headers });
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
      if (open === null) throw new Error('a socket that opens twice');
      const peer = new BunPeer(ws);
      ws.data.peer = peer;
      ws.data.open = null;
      const handler = open(peer);
      if (peer.goneWith === null) peer.handler = handler;
      else handler.closed(peer.goneWith);
    },
    message(ws, message) {
      const handler = ws.data.peer?.handler;
      if (typeof message === 'string') handler?.text();
      else handler?.message(message);
    },
    ping: (ws) => ws.data.peer?.handler?.pinged(),
    pong: (ws) => ws.data.peer?.handler?.alive(),
    drain(ws) {
      const peer = ws.data.peer;
      if (!peer || ws.getBufferedAmount() > 0) return;
      peer.congested = false;
      peer.handler?.drained();
    },
    close(ws, code) {
      const peer = ws.data.peer;
      if (!peer) return;
      const { handler } = peer;
      peer.handler = null;
      peer.goneWith = code;
      handler?.closed(code);
    },
    error(error, ws) {
      options.failed(error);
      ws.close(1011, 'Something went wrong here.');
    },
  };
}

class BunPeer implements Peer {
  congested = false;
  /** Null before it is made and after the socket is gone. */
  handler: PeerHandler | null = null;
  /** The close code once the socket is gone; it may go while its handler is still being made. */
  goneWith: number | null = null;
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
    this.congested = true;
    return true;
  }

  together(run: () => void): void {
    this.ws.cork(run);
    // Only now it shows what the kernel did not take of frames that waited for each other.
    if (this.ws.getBufferedAmount() > 0) this.congested = true;
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
