/**
 * A relay in front of a real server with one fault: one connection gets something else than the server sent. Or it
 * declines the first connections, as an overloaded server does.
 */
import { type LogRecord, readRecord, RECORD_VERSION, RecordKind } from '../../../sdk/protocol/record.ts';
import { Reader } from '../../../sdk/protocol/bytes.ts';

export type RelayFault = 'none' | 'declines' | 'drops' | 'swaps' | 'doubles' | 'changes';

/** The frame with moves that has the fault, counted over all connections. */
const FAULTY_FRAME = 10;
const DECLINED_CONNECTIONS = 5;

interface Relayed {
  server: Bun.Socket | null;
  toServer: Uint8Array[];
  rest: Uint8Array;
  upgraded: boolean;
  /** A frame that is sent after the next one. */
  delayed: Uint8Array | null;
}

export function startFaultyRelay(to: number, fault: RelayFault): { readonly port: number; stop(): void } {
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
      for (const one of framesFor(frame, data)) client.write(one);
    }
  };
  const framesFor = (frame: Uint8Array, data: Relayed): readonly Uint8Array[] => {
    if (recordsOf(frame).at(-1)?.kind !== RecordKind.move) return [frame];
    if (data.delayed) {
      const { delayed } = data;
      data.delayed = null;
      return [frame, delayed];
    }
    if (++moves !== FAULTY_FRAME) return [frame];
    if (fault === 'drops') return [];
    if (fault === 'doubles') return [frame, frame];
    if (fault === 'changes') return [withChangedMove(frame)];
    if (fault === 'swaps') data.delayed = frame;
    return fault === 'swaps' ? [] : [frame];
  };
  const listener = Bun.listen<Relayed>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(client) {
        client.data = { server: null, toServer: [], rest: new Uint8Array(), upgraded: false, delayed: null };
        if (fault === 'declines' && ++connections <= DECLINED_CONNECTIONS) {
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

/** The length of the first frame; 0 if it is incomplete. */
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

/** Changes the last byte of the last move; the length is the same. */
function withChangedMove(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1;
  return copy;
}
