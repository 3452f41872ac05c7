/**
 * Child process: once a second, a group of players joins a room at the same moment, reads everything up to
 * `live` without decoding it, and leaves. Prints for each group how long its last player took, ms.
 * Arguments: port, path, players at once, number of seconds, and the tickets of the seats that they share.
 */
import type { Socket } from 'bun';
import { hello } from '../../sdk/protocol/hello.ts';
import { live } from '../../sdk/protocol/live.ts';
import { PROTOCOL_VERSION } from '../../sdk/protocol/version.ts';

const [port = '', path = '', atOnce, seconds, ...tickets] = process.argv.slice(2);

/** The state of one connection. */
interface Reading {
  upgraded: boolean;
  /** Bytes that are left of the current frame. */
  skip: number;
  /** Bytes of an incomplete response head or frame head. */
  rest: Uint8Array;
  readonly ticket: string;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

const NONE = new Uint8Array();
const UPGRADE =
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

function joinOnce(ticket: string): Promise<void> {
  return new Promise((done, failed) => {
    const data: Reading = { upgraded: false, skip: 0, rest: NONE, ticket, done, failed };
    Bun.connect<Reading>({ hostname: '127.0.0.1', port: Number(port), data, socket: handlers }).catch(failed);
  });
}

const handlers = {
  open(socket: Socket<Reading>) {
    socket.write(UPGRADE);
  },
  data(socket: Socket<Reading>, bytes: Uint8Array) {
    const reading = socket.data;
    let input = reading.rest.length === 0 ? bytes : Buffer.concat([reading.rest, bytes]);
    reading.rest = NONE;
    if (!reading.upgraded) {
      const end = Buffer.from(input).indexOf('\r\n\r\n');
      if (end < 0) return void (reading.rest = input.slice());
      reading.upgraded = true;
      socket.write(masked(helloFrame(reading.ticket)));
      input = input.subarray(end + 4);
    }
    if (readUntilLive(reading, input)) {
      // Before the end, because `end` calls `close`, which rejects.
      reading.done();
      socket.end();
    }
  },
  close({ data }: Socket<Reading>) {
    data.failed(new Error('closed before it was live'));
  },
  error({ data }: Socket<Reading>, error: Error) {
    data.failed(error);
  },
};

/** Returns true when `live` was received. */
function readUntilLive(reading: Reading, input: Uint8Array): boolean {
  for (let at = 0; at < input.length;) {
    const skipped = Math.min(reading.skip, input.length - at);
    reading.skip -= skipped;
    at += skipped;
    const head = frameHead(input, at);
    if (head === null) {
      reading.rest = input.slice(at);
      return false;
    }
    if (input[at + head.length] === live.type) return true;
    at += head.length;
    reading.skip = head.payload;
  }
  return false;
}

/** null while the head and the first byte of the payload are not complete. */
function frameHead(input: Uint8Array, at: number): { length: number; payload: number } | null {
  const view = new DataView(input.buffer, input.byteOffset + at, input.length - at);
  if (view.byteLength < 3) return null;
  const short = view.getUint8(1);
  if (short < 126) return { length: 2, payload: short };
  const length = short === 126 ? 4 : 10;
  if (view.byteLength <= length) return null;
  return { length, payload: short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2)) };
}

function helloFrame(ticket: string): Uint8Array {
  const id = crypto.getRandomValues(new Uint8Array(16));
  return hello.encode({ version: PROTOCOL_VERSION, credential: ticket, clients: [{ id }], epoch: 0, seq: 0 });
}

/** With a mask of zeros, the payload stays as it is. */
function masked(payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(8 + payload.length);
  out.set([0x82, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  out.set(payload, 8);
  return out;
}

const took: number[] = [];
const began = performance.now();
for (let burst = 0; burst < Number(seconds); burst++) {
  await Bun.sleep(Math.max(0, began + burst * 1_000 - performance.now()));
  const burstBegan = performance.now();
  const players = Array.from({ length: Number(atOnce) }, (_, at) => tickets[at % tickets.length] ?? '');
  await Promise.all(players.map(joinOnce));
  took.push(performance.now() - burstBegan);
}
console.log(JSON.stringify(took));
process.exit();
