/** Bun's server as front end, over real sockets: the port's contract and the behaviour of Bun that it depends on. */
import { afterEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realWorld } from '../../lib/world.real.ts';
import { maskedFrame, Opcode, RawSocket } from '../../../test/support/clients/raw-socket.ts';
import { bunFrontend } from './frontend.bun.ts';
import type { Frontend, FrontendOptions, Peer, PeerHandler, UpgradeRequest } from './frontend.ts';

interface Seen {
  readonly peers: Peer[];
  readonly events: string[];
  readonly requests: UpgradeRequest[];
  readonly failures: unknown[];
  onPing: (() => void) | null;
  /** Resolves when an event that starts with `prefix` has been seen. */
  until(prefix: string): Promise<void>;
}

const bug = new Error('a bug');
let running: Frontend | null = null;
let sockets: RawSocket[] = [];

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await running?.stop(0);
  running = null;
});

function start(change: Partial<FrontendOptions> = {}, onOpen?: (peer: Peer) => void): Seen {
  let waiting: { prefix: string; wake: () => void }[] = [];
  const seen: Seen = {
    peers: [],
    events: [],
    requests: [],
    failures: [],
    onPing: null,
    until: (prefix) =>
      new Promise((wake) => {
        if (seen.events.some((event) => event.startsWith(prefix))) wake();
        else waiting.push({ prefix, wake });
      }),
  };
  const note = (event: string) => {
    seen.events.push(event);
    for (const each of waiting) if (event.startsWith(each.prefix)) each.wake();
    waiting = waiting.filter((each) => !event.startsWith(each.prefix));
  };
  const handler: PeerHandler = {
    onMessage: (frame) => {
      if (frame[0] === 0xff) throw bug;
      note(`message ${Buffer.from(frame).toString('hex')}`);
    },
    onText: () => note('text'),
    onPing: () => {
      note('ping');
      seen.onPing?.();
    },
    onPong: () => note('pong'),
    onDrain: () => note('drained'),
    onClose: (code) => note(`closed ${code}`),
  };
  running = bunFrontend(
    {
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request, address) => new Response(`${new URL(request.url).pathname} from ${address}`),
      onUpgrade: (request) => {
        seen.requests.push(request);
        if (request.path === '/busy') return { accept: false, status: 503, retryAfter: 3 };
        const open = (peer: Peer) => {
          seen.peers.push(peer);
          onOpen?.(peer);
          note('open');
          return handler;
        };
        return { accept: true, open };
      },
      frameBytesMax: 1_000,
      onError: (error) => seen.failures.push(error),
      ...change,
    },
    realWorld.timers,
  );
  return seen;
}

async function client(options: Partial<Parameters<typeof RawSocket.open>[0]> = {}): Promise<RawSocket> {
  const socket = await RawSocket.open({ port: running!.port, path: '/room', ...options });
  sockets.push(socket);
  return socket;
}

const base = () => `http://127.0.0.1:${running!.port}`;

test('pages and sockets share one port', async () => {
  const seen = start();
  expect(await (await fetch(`${base()}/page`)).text()).toBe('/page from 127.0.0.1');
  const socket = await client({ path: '/room?secret=1', headers: { origin: 'http://elsewhere' } });
  socket.sendBinary(Uint8Array.of(1, 2));
  await seen.until('message');
  expect(seen.requests).toEqual([{ path: '/room', address: '127.0.0.1', origin: 'http://elsewhere' }]);
  expect(seen.events).toEqual(['open', 'message 0102']);
});

test('a port that another front end listens on is refused, although Bun would share it', async () => {
  start();
  const first = running;
  try {
    expect(() => start({ port: first!.port })).toThrow('in use');
  } finally {
    if (running !== first) await first?.stop(0);
  }
});

test('behind a trusted proxy the address of pages and sockets is the one that the proxy appended', async () => {
  const headers = { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7' };
  const seen = start({ trustedProxies: 1 });
  expect(await (await fetch(`${base()}/page`, { headers })).text()).toBe('/page from 203.0.113.7');
  await client({ headers });
  await seen.until('open');
  expect([seen.requests[0]!.address, seen.peers[0]!.address]).toEqual(['203.0.113.7', '203.0.113.7']);
});

test('without a trusted proxy a forwarded address is ignored: any client can send one', async () => {
  const headers = { 'X-Forwarded-For': '203.0.113.7' };
  const seen = start();
  expect(await (await fetch(`${base()}/page`, { headers })).text()).toBe('/page from 127.0.0.1');
  await client({ headers });
  await seen.until('open');
  expect([seen.requests[0]!.address, seen.peers[0]!.address]).toEqual(['127.0.0.1', '127.0.0.1']);
});

test('an upgrade can be rejected with a status and a Retry-After', async () => {
  start();
  const response = await fetch(`${base()}/busy`, {
    headers: { upgrade: 'websocket', connection: 'upgrade' },
  });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3']);
});

test('an upgrade without a valid handshake is refused', async () => {
  start();
  const response = await fetch(`${base()}/room`, {
    headers: { upgrade: 'websocket', connection: 'upgrade' },
  });
  expect(response.status).toBe(426);
});

test('P1 no extension is negotiated, whatever the page offers', async () => {
  start();
  const socket = await client({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } });
  expect(socket.answer.toLowerCase()).toContain('sec-websocket-accept');
  expect(socket.answer.toLowerCase()).not.toContain('sec-websocket-extensions');
});

test('a text frame is reported as text, not as a message', async () => {
  const seen = start();
  (await client()).sendFrame(Opcode.text, Buffer.from('hi'));
  await seen.until('text');
});

test('WebSocket pings and pongs are reported separately', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.ping();
  await seen.until('pong');
  expect(socket.pings).toBe(1);
  socket.sendFrame(Opcode.ping, Buffer.from('?'));
  await seen.until('ping');
  expect(seen.events).toEqual(['open', 'pong', 'ping']);
});

test('after a socket is closed from within a ping, further pings of the same read are not reported', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.onPing = () => seen.peers[0]!.close(4002, 'too many');
  const ping = maskedFrame(Opcode.ping, new Uint8Array(0));
  socket.sendRaw(Buffer.concat(Array.from({ length: 50_000 }, () => ping)));
  expect(await socket.closed).toBe(4002);
  expect(seen.events).toEqual(['open', 'ping', 'closed 4002']);
});

test('a frame over the limit closes that socket with 1009', async () => {
  const seen = start();
  const socket = await client();
  socket.sendBinary(new Uint8Array(1_001));
  expect(await socket.closed).toBe(1009);
  await seen.until('closed');
});

test('a frame of exactly the limit is delivered', async () => {
  const seen = start();
  (await client()).sendBinary(new Uint8Array(1_000));
  await seen.until('message');
});

/** Without a compiler the test is skipped; with CI=true it fails. */
const noCompiler = process.env['CI'] !== 'true' && Bun.which('gcc') === null;

test.skipIf(noCompiler)(
  'a frame is one write, short or long, and so are all frames of one cork',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sends-'));
    try {
      const library = join(folder, 'count-sends.so');
      const source = join(import.meta.dir, '../../../test/support/processes/count-sends.c');
      expect(Bun.spawnSync(['gcc', '-shared', '-fPIC', '-o', library, source, '-ldl']).exitCode).toBe(0);
      const command = [process.execPath, join(import.meta.dir, 'sends.child.ts'), library];
      const child = Bun.spawn(command, { env: { ...process.env, LD_PRELOAD: library }, stderr: 'inherit' });
      // 60 bytes; 100,000 bytes; four frames uncorked; four corked; four in a nested cork.
      expect(JSON.parse(await new Response(child.stdout).text())).toEqual([1, 1, 4, 1, 1]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('corked frames that the kernel does not take count as backpressure, and drain', async () => {
  const seen = start();
  const socket = await client({ neverReads: true });
  await seen.until('open');
  const [peer] = seen.peers;
  // Short frames: no single `send` shows that the kernel's buffer is full.
  while (peer!.buffered() === 0) {
    expect(peer!.isBackpressured).toBe(false);
    peer!.cork(() => {
      for (let each = 0; each < 10; each++) expect(peer!.send(new Uint8Array(1_000))).toBe(true);
    });
  }
  expect(peer!.isBackpressured).toBe(true);
  socket.read();
  await seen.until('drained');
  expect([peer!.isBackpressured, peer!.buffered()]).toEqual([false, 0]);
});

test('closing sends what is buffered, then the close code; the handler is called at once', async () => {
  const seen = start();
  const socket = await client({ neverReads: true });
  await seen.until('open');
  const [peer] = seen.peers;
  let sent = 0;
  while (peer!.buffered() < 300_000) {
    expect(peer!.send(new Uint8Array(65_536))).toBe(true);
    sent++;
  }
  expect(peer!.isBackpressured).toBe(true);
  peer!.close(4001, 'too slow');
  peer!.close(4002, 'a second time');
  expect(seen.events).toEqual(['open', 'closed 4001']);
  expect(peer!.send(new Uint8Array(1))).toBe(false);
  socket.read();
  expect(await socket.closed).toBe(4001);
  expect(socket.frames.length).toBe(sent);
});

test('backpressure ends with onDrain, when everything that was buffered is sent', async () => {
  const seen = start();
  const socket = await client({ neverReads: true });
  await seen.until('open');
  const [peer] = seen.peers;
  while (peer!.buffered() < 300_000) peer!.send(new Uint8Array(65_536));
  socket.read();
  await seen.until('drained');
  expect([peer!.isBackpressured, peer!.buffered()]).toEqual([false, 0]);
});

test('a paused socket is not read until it is resumed, and loses nothing', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.pause();
  socket.sendBinary(Uint8Array.of(7));
  // A later frame of another socket is received first: the paused socket was not read.
  const other = await client();
  other.sendBinary(Uint8Array.of(8));
  await seen.until('message 08');
  expect(seen.events).not.toContain('message 07');
  seen.peers[0]!.resume();
  await seen.until('message 07');
});

test('a paused socket that is closed gets the close code', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.pause();
  socket.sendBinary(Uint8Array.of(1));
  seen.peers[0]!.close(4002, 'too fast');
  expect(await socket.closed).toBe(4002);
});

test('a connection that breaks while paused is reported', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.pause();
  socket.reset();
  await seen.until('closed 1006');
});

test('a socket that is closed while its handler is created gets onClose', async () => {
  const seen = start({}, (peer) => peer.close(4200, 'elsewhere'));
  const socket = await client();
  expect(await socket.closed).toBe(4200);
  expect(seen.events).toEqual(['open', 'closed 4200']);
});

test('a close reason of 200 bytes still closes', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.close(4004, 'x'.repeat(200));
  expect(await socket.closed).toBe(4004);
});

test('a handler that throws closes only its own socket', async () => {
  const seen = start();
  const other = await client();
  const socket = await client();
  socket.sendBinary(Uint8Array.of(0xff));
  expect(await socket.closed).toBe(1011);
  expect(seen.failures).toEqual([bug]);
  other.sendBinary(Uint8Array.of(5));
  await seen.until('message 05');
});

test('a page that throws gives 500 and the server continues', async () => {
  const seen = start({
    fetch: () => {
      throw bug;
    },
  });
  expect((await fetch(`${base()}/page`)).status).toBe(500);
  expect(seen.failures).toHaveLength(1);
});

test('a request body over a megabyte is refused', async () => {
  start({ fetch: async (request) => new Response(String((await request.arrayBuffer()).byteLength)) });
  const post = (bytes: number) => fetch(`${base()}/form`, { method: 'POST', body: new Uint8Array(bytes) });
  expect(await (await post(1024 * 1024)).text()).toBe('1048576');
  expect((await post(1024 * 1024 + 1)).status).toBe(413);
});

test('a stop closes sockets that are still open after the grace period', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  const stopped = running!.stop(50);
  running = null;
  await stopped;
  await socket.closed;
});
