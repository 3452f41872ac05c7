/**
 * A TCP proxy that simulates broken networks: forwards to one port of this machine, and counts the bytes.
 *
 * `stall()` stops forwarding silently: room sockets stay open and nothing passes. Connections that only
 * carried pages are ended, since a browser would wait on an idle one for minutes. `refuse()` ends every
 * connection, and each new one, with RST. `heal()` forwards new connections; those of a stall stay dead, as
 * behind a router that forgot them.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket | null;
  /** Carries a WebSocket. */
  upgraded: boolean;
}

type Mode = 'forward' | 'stall' | 'refuse';

export class Proxy {
  /** Bytes forwarded in both directions since the start. */
  bytes = 0;
  private mode: Mode = 'forward';
  private readonly pairs = new Set<Pair>();
  private readonly listener: Server;
  private readonly target: { port: number };

  private constructor(target: { port: number }) {
    this.target = target;
    this.listener = createServer((client) => this.accept(client));
  }

  /** Listens on a free port of 127.0.0.1; `target.port` may change while it runs. */
  static async start(target: { port: number }): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.listener.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return address.port;
  }

  stall(): void {
    this.mode = 'stall';
    for (const pair of this.pairs) {
      if (!pair.upgraded) this.end(pair);
      pair.client.pause();
      pair.server?.pause();
    }
  }

  refuse(): void {
    this.mode = 'refuse';
    for (const pair of this.pairs) this.end(pair);
  }

  heal(): void {
    this.mode = 'forward';
  }

  async stop(): Promise<void> {
    this.refuse();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private accept(client: Socket): void {
    if (this.mode === 'refuse') return void client.resetAndDestroy();
    if (this.mode === 'stall') {
      client.pause();
      this.watch({ client, server: null, upgraded: false });
      return;
    }
    const server = connect(this.target.port, '127.0.0.1');
    const pair = { client, server, upgraded: false };
    this.watch(pair);
    this.forward(pair, client, server);
    this.forward(pair, server, client);
  }

  private forward(pair: Pair, from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      this.bytes += bytes.length;
      if (!pair.upgraded && from === pair.client)
        pair.upgraded = /upgrade: websocket/i.test(bytes.toString('latin1'));
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => {
      if (this.mode === 'forward') from.resume();
    });
    from.on('end', () => to.end());
  }

  private watch(pair: Pair): void {
    this.pairs.add(pair);
    for (const socket of [pair.client, pair.server]) {
      socket?.on('error', () => this.end(pair));
      socket?.on('close', () => this.end(pair));
    }
  }

  private end(pair: Pair): void {
    if (!this.pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.server?.resetAndDestroy();
  }
}
