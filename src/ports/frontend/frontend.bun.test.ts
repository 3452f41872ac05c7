/** Bun's server as front end, over real sockets: what the port promises and what Bun really does. */
import { afterEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realWorld } from '../../lib/world.real.ts';
import { maskedFrame, Opcode, RawSocket } from '../../../test/support/clients/raw-socket.ts';
import { bunFrontend } from './frontend.bun.ts';
import type { Frontend, FrontendOptions, Peer, PeerHandler, SocketOffer } from './frontend.ts';

interface Seen {
  readonly peers: Peer[];
  readonly events: string[];
  readonly offers: SocketOffer[];
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
    offers: [],
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
    message: (frame) => {
      if (frame[0] === 0xff) throw bug;
      note(`message ${Buffer.from(frame).toString('hex')}`);
    },
    text: () => note('text'),
    pinged: () => {
      note('pinged');
      seen.onPing?.();
    },
    alive: () => note('alive'),
    drained: () => note('drained'),
    closed: (code) => note(`closed ${code}`),
  };
  running = bunFrontend(
    {
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request, address) => new Response(`${new URL(request.url).pathname} from ${address}`),
      sockets: (offer) => {
        seen.offers.push(offer);
        if (offer.path === '/busy') return { accept: false, status: 503, retryAfter: 3 };
        const open = (peer: Peer) => {
          seen.peers.push(peer);
          onOpen?.(peer);
          note('open');
          return handler;
        };
        return { accept: true, open };
      },
      frameBytesMax: 1_000,
      failed: (error) => seen.failures.push(error),
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
  expect(seen.offers).toEqual([{ path: '/room', address: '127.0.0.1', origin: 'http://elsewhere' }]);
  expect(seen.events).toEqual(['open', 'message 0102']);
});

test('a port that another one of these has is refused: Bun would let both have it', async () => {
  start();
  const first = running;
  try {
    expect(() => start({ port: first!.port })).toThrow('in use');
  } finally {
    if (running !== first) await first?.stop(0);
  }
});

test('behind a trusted proxy pages and sockets alike count for the address it names, never for an invented one', async () => {
  const headers = { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7' };
  const seen = start({ trustedProxies: 1 });
  expect(await (await fetch(`${base()}/page`, { headers })).text()).toBe('/page from 203.0.113.7');
  await client({ headers });
  await seen.until('open');
  expect([seen.offers[0]!.address, seen.peers[0]!.address]).toEqual(['203.0.113.7', '203.0.113.7']);
});

test('with no proxy trusted a forwarded address is what anybody can write: it is ignored', async () => {
  const headers = { 'X-Forwarded-For': '203.0.113.7' };
  const seen = start();
  expect(await (await fetch(`${base()}/page`, { headers })).text()).toBe('/page from 127.0.0.1');
  await client({ headers });
  await seen.until('open');
  expect([seen.offers[0]!.address, seen.peers[0]!.address]).toEqual(['127.0.0.1', '127.0.0.1']);
});

test('an offer may be declined with a status and a time to come back', async () => {
  start();
  const answer = await fetch(`${base()}/busy`, { headers: { upgrade: 'websocket', connection: 'upgrade' } });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '3']);
});

test('an upgrade that is no proper handshake is refused', async () => {
  start();
  const answer = await fetch(`${base()}/room`, { headers: { upgrade: 'websocket', connection: 'upgrade' } });
  expect(answer.status).toBe(426);
});

test('P1 no extension is agreed on, whatever the page offers', async () => {
  start();
  const socket = await client({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } });
  expect(socket.answer.toLowerCase()).toContain('sec-websocket-accept');
  expect(socket.answer.toLowerCase()).not.toContain('sec-websocket-extensions');
});

test('a text frame is told apart from a binary one', async () => {
  const seen = start();
  (await client()).sendFrame(Opcode.text, Buffer.from('hi'));
  await seen.until('text');
});

test('a pong of the WebSocket layer is a sign of life, a ping is told apart from it', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.ping();
  await seen.until('alive');
  expect(socket.pings).toBe(1);
  socket.sendFrame(Opcode.ping, Buffer.from('?'));
  await seen.until('pinged');
  expect(seen.events).toEqual(['open', 'alive', 'pinged']);
});

test('a socket closed over a ping is told nothing of those that came with it', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.onPing = () => seen.peers[0]!.close(4002, 'too many');
  const ping = maskedFrame(Opcode.ping, new Uint8Array(0));
  socket.sendRaw(Buffer.concat(Array.from({ length: 50_000 }, () => ping)));
  expect(await socket.closed).toBe(4002);
  expect(seen.events).toEqual(['open', 'pinged', 'closed 4002']);
});

test('a frame over the limit closes that socket with 1009', async () => {
  const seen = start();
  const socket = await client();
  socket.sendBinary(new Uint8Array(1_001));
  expect(await socket.closed).toBe(1009);
  await seen.until('closed');
});

test('a frame of the full size passes', async () => {
  const seen = start();
  (await client()).sendBinary(new Uint8Array(1_000));
  await seen.until('message');
});

/** In continuous integration a missing part is a failure. */
const noCompiler = process.env['CI'] !== 'true' && Bun.which('gcc') === null;

test.skipIf(noCompiler)(
  'a frame leaves in one write, be it short or long, and frames sent together do, too',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sends-'));
    try {
      const library = join(folder, 'count-sends.so');
      const source = join(import.meta.dir, '../../../test/support/processes/count-sends.c');
      expect(Bun.spawnSync(['gcc', '-shared', '-fPIC', '-o', library, source, '-ldl']).exitCode).toBe(0);
      const command = [process.execPath, join(import.meta.dir, 'sends.child.ts'), library];
      const child = Bun.spawn(command, { env: { ...process.env, LD_PRELOAD: library }, stderr: 'inherit' });
      // 60 bytes; 100,000 bytes; four frames one by one; four together, and once more from within.
      expect(JSON.parse(await new Response(child.stdout).text())).toEqual([1, 1, 4, 1, 1]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('what is sent together and not taken by the kernel counts as congestion, and drains', async () => {
  const seen = start();
  const socket = await client({ neverReads: true });
  await seen.until('open');
  const [peer] = seen.peers;
  // Short frames: none of them alone tells that the kernel is full.
  while (peer!.buffered() === 0) {
    expect(peer!.congested).toBe(false);
    peer!.together(() => {
      for (let each = 0; each < 10; each++) expect(peer!.send(new Uint8Array(1_000))).toBe(true);
    });
  }
  expect(peer!.congested).toBe(true);
  socket.read();
  await seen.until('drained');
  expect([peer!.congested, peer!.buffered()]).toEqual([false, 0]);
});

test('closing sends what is buffered first, then the code, and tells at once', async () => {
  const seen = start();
  const socket = await client({ neverReads: true });
  await seen.until('open');
  const [peer] = seen.peers;
  let sent = 0;
  while (peer!.buffered() < 300_000) {
    expect(peer!.send(new Uint8Array(65_536))).toBe(true);
    sent++;
  }
  expect(peer!.congested).toBe(true);
  peer!.close(4001, 'too slow');
  peer!.close(4002, 'a second time');
  expect(seen.events).toEqual(['open', 'closed 4001']);
  expect(peer!.send(new Uint8Array(1))).toBe(false);
  socket.read();
  expect(await socket.closed).toBe(4001);
  expect(socket.frames.length).toBe(sent);
});

test('drained comes once everything buffered is out, and congestion ends', async () => {
  const seen = start();
  const socket = await client({ neverReads: true });
  await seen.until('open');
  const [peer] = seen.peers;
  while (peer!.buffered() < 300_000) peer!.send(new Uint8Array(65_536));
  socket.read();
  await seen.until('drained');
  expect([peer!.congested, peer!.buffered()]).toEqual([false, 0]);
});

test('a paused socket is not read until it is resumed, and loses nothing', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.pause();
  socket.sendBinary(Uint8Array.of(7));
  // Another socket's frame, sent later and received, shows that the paused one was passed over.
  const other = await client();
  other.sendBinary(Uint8Array.of(8));
  await seen.until('message 08');
  expect(seen.events).not.toContain('message 07');
  seen.peers[0]!.resume();
  await seen.until('message 07');
});

test('a paused socket that is closed is told why', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.pause();
  socket.sendBinary(Uint8Array.of(1));
  seen.peers[0]!.close(4002, 'too fast');
  expect(await socket.closed).toBe(4002);
});

test('a paused socket that breaks is still noticed', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  seen.peers[0]!.pause();
  socket.reset();
  await seen.until('closed 1006');
});

test('a socket closed while its handler is being made is told so', async () => {
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

test('a handler that throws costs only its own socket', async () => {
  const seen = start();
  const other = await client();
  const socket = await client();
  socket.sendBinary(Uint8Array.of(0xff));
  expect(await socket.closed).toBe(1011);
  expect(seen.failures).toEqual([bug]);
  other.sendBinary(Uint8Array.of(5));
  await seen.until('message 05');
});

test('a page that throws answers 500 and the server goes on', async () => {
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

test('stopping gives open sockets their grace, then ends them', async () => {
  const seen = start();
  const socket = await client();
  await seen.until('open');
  const stopped = running!.stop(50);
  running = null;
  await stopped;
  await socket.closed;
});
