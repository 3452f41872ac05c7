/**
 * A TCP proxy for broken networks: forwards to one address of this machine until told otherwise,
 * and counts what it let through.
 *
 * `stall()` is the cable pulled: nothing is closed, nothing passes. `heal()` lets new connections
 * through; those that stood during the stall stay dead, as behind a router that forgot them.
 * `reset()` ends every connection with RST.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket | null;
}

export class Proxy {
  /** Bytes forwarded in both directions since the proxy began. */
  bytes = 0;
  private stalled = false;
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
    this.stalled = true;
    for (const { client, server } of this.pairs) {
      client.pause();
      server?.pause();
    }
  }

  heal(): void {
    this.stalled = false;
  }

  reset(): void {
    for (const pair of this.pairs) this.end(pair);
  }

  async stop(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private accept(client: Socket): void {
    if (this.stalled) {
      client.pause();
      this.watch({ client, server: null });
      return;
    }
    const server = connect(this.target.port, '127.0.0.1');
    const pair = { client, server };
    this.watch(pair);
    this.forward(client, server);
    this.forward(server, client);
  }

  private forward(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      this.bytes += bytes.length;
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => {
      if (!this.stalled) from.resume();
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
