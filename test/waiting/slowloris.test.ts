/**
 * Connections that take their time: nothing at all, headers byte by byte, a body byte by byte, an
 * upgrade without a hello, a hello byte by byte. The program closes each of them within the time that
 * it states (20 s for HTTP, 5 s for a hello), however busily they trickle, and who plays meanwhile
 * does not notice.
 *
 * It mostly waits, so all of it runs at the same time, with the controls: a server without time-outs,
 * and rooms that would wait an hour for a hello.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connect, createServer } from 'node:net';
import { socketPath } from '../../src/domain/room.ts';
import { type Started, startEscapement, temporaryFolder } from '../support/command-line.ts';
import { maskedFrame, Opcode } from '../support/raw-socket.ts';
import { helloFor, SLOT, startRealGame } from '../support/real-game.ts';
import { type SdkPage, wrongWith } from '../support/sdk-page.ts';
import { sdkTeam } from '../support/sdk-team.ts';

const TEST_MS = 120_000;
/** Of each kind. */
const CONNECTIONS = 40;
const BYTE_MS = 250;
const HTTP_MS = 20_000;
const HELLO_MS = 5_000;
/** The time stated, once more, and something for a machine that is busy. */
const times2 = (ms: number) => ms * 2 + 10_000;
const ROOM = 's'.repeat(20);

interface Attack {
  readonly name: string;
  /** Within which it must be closed. */
  readonly ms: number;
  /** Sent at once, then byte by byte. */
  bytes(port: number): { readonly first: string; readonly slowly: Uint8Array };
}

const upgrade = (port: number) =>
  `GET ${socketPath(SLOT, ROOM)} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\n` +
  'Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';
const endless = Buffer.alloc(1_000, 'a');
const nothing = Buffer.alloc(0);

const ATTACKS: readonly Attack[] = [
  { name: 'nothing', ms: HTTP_MS, bytes: () => ({ first: '', slowly: nothing }) },
  {
    name: 'headers byte by byte',
    ms: HTTP_MS,
    bytes: () => ({ first: 'GET / HTTP/1.1\r\nHost: here\r\nX-Long: ', slowly: endless }),
  },
  {
    name: 'a body byte by byte',
    ms: HTTP_MS,
    bytes: (port) => ({
      first:
        `POST /games/dormouse-hour/free HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${endless.length}\r\n\r\n`,
      slowly: endless,
    }),
  },
  {
    name: 'an upgrade without a hello',
    ms: HELLO_MS,
    bytes: (port) => ({ first: upgrade(port), slowly: nothing }),
  },
  {
    name: 'a hello byte by byte',
    ms: HELLO_MS,
    bytes: (port) => ({
      first: upgrade(port),
      slowly: maskedFrame(Opcode.binary, helloFor(ROOM)),
    }),
  },
];

const undo: (() => unknown)[] = [];

interface Running {
  /** How long each connection was open, once all are closed. */
  readonly done: Promise<readonly number[]>;
  open(): number;
}

function attack(port: number, { bytes }: Attack): Running {
  let open = CONNECTIONS;
  const connections = Array.from({ length: CONNECTIONS }, async () => {
    const began = performance.now();
    const { first, slowly } = bytes(port);
    const tcp = connect(port, '127.0.0.1');
    undo.push(() => tcp.destroy());
    tcp.on('error', () => tcp.destroy());
    tcp.on('data', () => {});
    tcp.write(first);
    let at = 0;
    const trickle = setInterval(() => {
      if (at < slowly.length) tcp.write(slowly.subarray(at, ++at));
    }, BYTE_MS);
    await new Promise<void>((resolve) => tcp.once('close', () => resolve()));
    clearInterval(trickle);
    open--;
    return performance.now() - began;
  });
  return { done: Promise.all(connections), open: () => open };
}

let server: Started;
let pages: readonly SdkPage[];
let attacks: ReadonlyMap<string, Running>;
let controls: ReadonlyMap<string, Running>;

beforeAll(async () => {
  const folder = temporaryFolder('slowloris');
  undo.push(() => folder.remove());
  server = await startEscapement(['--port', '0', '--data-dir', folder.path]);
  undo.push(() => server.end('SIGKILL'));
  const port = Number(new URL(server.addresses['Shop'] ?? '').port);
  pages = await sdkTeam(port, 'dormouse-hour', [{ name: 'Ada' }, { name: 'Ben' }]);
  for (const page of pages) {
    undo.push(() => page.close());
    page.play(100);
  }
  // A server that never loses patience, and rooms that hardly do.
  const patient = createServer((tcp) => tcp.on('data', () => {}).on('error', () => tcp.destroy()));
  await new Promise<void>((resolve) => patient.listen(0, '127.0.0.1', resolve));
  undo.push(() => patient.close());
  const rooms = await startRealGame({ helloMs: 3_600_000 });
  undo.push(() => rooms.stop());
  const patientPort = (patient.address() as { readonly port: number }).port;
  const without = ({ ms }: Attack) => (ms === HELLO_MS ? rooms.port : patientPort);
  controls = new Map(ATTACKS.map((each) => [each.name, attack(without(each), each)]));
  attacks = new Map(ATTACKS.map((each) => [each.name, attack(port, each)]));
}, TEST_MS);
afterAll(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
}, TEST_MS);

for (const { name, ms } of ATTACKS) {
  test(
    `P8 ${name}: closed within the time stated`,
    async () => {
      const open = await attacks.get(name)!.done;
      expect(Math.max(...open)).toBeLessThan(times2(ms));
    },
    TEST_MS,
  );
}

test(
  'who plays meanwhile does not notice, and new visitors are served',
  async () => {
    await Promise.all([...attacks.values()].map(({ done }) => done));
    expect((await fetch(server.addresses['Shop'] ?? '')).status).toBe(200);
    const made = pages.map((page) => page.made);
    expect(Math.min(...made)).toBeGreaterThan(50);
    expect(await wrongWith(pages)).toEqual([]);
    for (const page of pages) expect(page.reports).toEqual([]);
  },
  TEST_MS,
);

test(
  'control: without these time-outs, all of them are open still',
  async () => {
    await Promise.all([...attacks.values()].map(({ done }) => done));
    for (const { name } of ATTACKS) expect([name, controls.get(name)!.open()]).toEqual([name, CONNECTIONS]);
  },
  TEST_MS,
);
