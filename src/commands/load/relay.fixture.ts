/**
 * A relay before a real server that lies once: what one of the connections gets is not what was sent to it. Or one that
 * declines the first connections, as a server does that is asked for too many at once.
 */
import { type LogRecord, readRecord, RECORD_VERSION, RecordKind } from '../../../sdk/protocol/record.ts';
import { Reader } from '../../../sdk/protocol/bytes.ts';

export type Lie = 'nothing' | 'declines' | 'drops' | 'swaps' | 'doubles' | 'changes';

/** Which frame with moves it lies about, counted over all connections. */
const LIES_AT = 10;
const DECLINED = 5;

interface Relayed {
  server: Bun.Socket | null;
  toServer: Uint8Array[];
  rest: Uint8Array;
  upgraded: boolean;
  /** A frame that goes behind the next one. */
  kept: Uint8Array | null;
}

export function lyingRelay(to: number, lie: Lie): { readonly port: number; stop(): void } {
  let moves = 0;
  let connections = 0;
  const relay = (client: Bun.Socket<Relayed>, bytes: Uint8Array): void => {
    const { data } = client;
    data.rest = Buffer.concat([data.rest, bytes]);
    if (!data.upgraded) {
      const end = Buffer.from(data.rest).indexOf('\r\n\r\n');
      if (end < 0) return;
      data.upgraded = true;
      client.write(data.rest.subarray(0, end + 4));
      data.rest = data.rest.slice(end + 4);
    }
    for (let length = frameLength(data.rest); length > 0; length = frameLength(data.rest)) {
      const frame = data.rest.slice(0, length);
      data.rest = data.rest.slice(length);
      for (const one of told(frame, data)) client.write(one);
    }
  };
  const told = (frame: Uint8Array, data: Relayed): readonly Uint8Array[] => {
    if (recordsOf(frame).at(-1)?.kind !== RecordKind.move) return [frame];
    if (data.kept) {
      const { kept } = data;
      data.kept = null;
      return [frame, kept];
    }
    if (++moves !== LIES_AT) return [frame];
    if (lie === 'drops') return [];
    if (lie === 'doubles') return [frame, frame];
    if (lie === 'changes') return [changed(frame)];
    if (lie === 'swaps') data.kept = frame;
    return lie === 'swaps' ? [] : [frame];
  };
  const listener = Bun.listen<Relayed>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(client) {
        client.data = { server: null, toServer: [], rest: new Uint8Array(), upgraded: false, kept: null };
        if (lie === 'declines' && ++connections <= DECLINED) {
          client.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n');
          return;
        }
        void Bun.connect({
          hostname: '127.0.0.1',
          port: to,
          socket: {
            open(server) {
              client.data.server = server;
              for (const bytes of client.data.toServer.splice(0)) server.write(bytes);
            },
            data: (_, bytes) => relay(client, bytes),
            close: () => void client.end(),
          },
        });
      },
      data(client, bytes) {
        if (client.data.server) client.data.server.write(bytes);
        else client.data.toServer.push(bytes.slice());
      },
      close: (client) => void client.data.server?.end(),
    },
  });
  return { port: listener.port, stop: () => listener.stop(true) };
}

/** Of the whole frame at the beginning; 0 when it has not come. */
function frameLength(bytes: Uint8Array): number {
  const short = bytes[1];
  if (short === undefined) return 0;
  if (short < 126) return bytes.length < 2 + short ? 0 : 2 + short;
  if (bytes.length < 4) return 0;
  const length = 4 + (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0);
  return bytes.length < length ? 0 : length;
}

function payloadOf(frame: Uint8Array): Uint8Array {
  return frame.subarray((frame[1] ?? 0) < 126 ? 2 : 4);
}

function recordsOf(frame: Uint8Array): readonly LogRecord[] {
  const payload = payloadOf(frame);
  if (frame[0] !== 0x82 || payload[0] !== RECORD_VERSION) return [];
  const reader = new Reader(payload);
  const records: LogRecord[] = [];
  while (!reader.atEnd) {
    const record = readRecord(reader);
    if (record === null) return [];
    records.push(record);
  }
  return records;
}

/** With another last byte of its last move; as long as before. */
function changed(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}
