/**
 * A simple room server in memory: it implements the protocol, appends every message to its log at once,
 * and lets a test change its behaviour.
 */
import { deflateRawSync } from 'node:zlib';
import { Writer } from '../protocol/bytes.ts';
import { chunk } from '../protocol/chunk.ts';
import { Close } from '../protocol/close-codes.ts';
import { expect } from '../protocol/expect.ts';
import { heartbeat } from '../protocol/heartbeat.ts';
import { hello } from '../protocol/hello.ts';
import { live } from '../protocol/live.ts';
import { ping } from '../protocol/ping.ts';
import { encodeRecord, RecordKind, recordLength } from '../protocol/record.ts';
import { SEND } from '../protocol/send.ts';
import { Reader } from '../protocol/bytes.ts';
import { welcome } from '../protocol/welcome.ts';
import { toHex } from '../src/hex.ts';
import type { FakeTime } from './fake-time.ts';
import type { ScriptedSocket } from './scripted-network.ts';

interface Client {
  readonly number: number;
  lastSeq: number;
}
interface RoomConnection {
  readonly socket: ScriptedSocket;
  readonly seat: number;
  clients: string[];
}
export interface SentMessage {
  readonly client: string;
  readonly clientSeq: number;
  readonly kind: number;
  readonly body: string;
}

export class ScriptedRoom {
  readonly log: Uint8Array[] = [];
  readonly epochStarts: { epoch: number; firstSeq: number }[] = [];
  readonly clients = new Map<string, Client>();
  readonly connections = new Set<RoomConnection>();
  /** Every message that arrived, including duplicates. */
  readonly received: SentMessage[] = [];
  readonly hellos: { credential: string; clients: string[]; epoch: number; seq: number }[] = [];
  // Values that a test may change.
  heartbeatMs = 10_000;
  rate = 1_000;
  burst = 1_000;
  role = 0;
  chunkRecords = 4;
  /** While true, records are appended to the log but not sent. */
  isMuted = false;
  /** Called before the room handles a message; true = the room ignores it. */
  intercept: (message: SentMessage, socket: ScriptedSocket) => boolean = () => false;
  /** Called before the room handles a hello; true = the room ignores it. */
  interceptHello: (socket: ScriptedSocket) => boolean = () => false;
  respondsToPings = true;
  private readonly time: FakeTime;

  constructor(time: FakeTime, seed = 7) {
    this.time = time;
    const open = { format: 1, room: 'r', game: 'adding', rulesHash: 'x', seed, locale: 'en', options: {} };
    this.epochStarts.push({ epoch: 100, firstSeq: 1 });
    this.append(RecordKind.open, 0, 0, 0, JSON.stringify({ ...open, startedAt: 0 }));
    this.openEpoch(100);
  }

  get head(): number {
    return this.log.length;
  }

  get epoch(): number {
    return this.epochStarts.at(-1)?.epoch ?? 0;
  }

  openEpoch(epoch: number): void {
    if (epoch !== 100) this.epochStarts.push({ epoch, firstSeq: this.head + 1 });
    this.append(RecordKind.epoch, 0, 0, 0, new Writer().varint(epoch).done());
  }

  /** Appends a record to the log and sends it to all sockets. Returns its seq. */
  append(kind: number, seat: number, client: number, clientSeq: number, body: string | Uint8Array): number {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const header = { kind, seq: this.head + 1, ms: this.ms(), seat, client, clientSeq };
    const record = new Uint8Array(recordLength(header, bytes.length));
    encodeRecord(record, 0, header, bytes);
    this.log.push(record);
    if (!this.isMuted) this.broadcast(record);
    return this.head;
  }

  broadcast(frame: Uint8Array): void {
    for (const { socket, clients } of this.connections) if (clients.length > 0) socket.deliver(frame);
  }

  /** The server restarts: sockets are reset, and the log is all that remains. */
  restart(epoch: number): void {
    for (const { socket } of this.connections) socket.reset();
    this.connections.clear();
    this.openEpoch(epoch);
  }

  /** Accepts a socket of the page with this seat. */
  seat(socket: ScriptedSocket, seat: number): void {
    const connection: RoomConnection = { socket, seat, clients: [] };
    socket.server = {
      message: (frame) => this.message(connection, frame),
      closed: () => this.connections.delete(connection),
    };
    this.connections.add(connection);
    socket.accept();
  }

  sendHeartbeat(socket: ScriptedSocket, seq = this.head, token = 0): void {
    socket.deliver(heartbeat.encode({ epoch: this.epoch, seq, roomMs: this.ms(), token }));
  }

  private ms(): number {
    return Math.floor(this.time.now());
  }

  private message(connection: RoomConnection, frame: Uint8Array): void {
    if (!this.connections.has(connection)) return;
    if (frame[0] === hello.type) this.hello(connection, frame);
    else if (frame[0] === ping.type && this.respondsToPings) {
      this.sendHeartbeat(connection.socket, this.head, ping.decode(frame)?.token);
    } else if (frame[0] === SEND) this.send(connection, frame);
  }

  private hello(connection: RoomConnection, frame: Uint8Array): void {
    const request = hello.decode(frame);
    if (request === null) return connection.socket.close(Close.malformed.code);
    const clients = request.clients.map(({ id }) => toHex(id));
    this.hellos.push({ credential: request.credential, clients, epoch: request.epoch, seq: request.seq });
    if (this.interceptHello(connection.socket)) return;
    for (const other of this.connections) {
      if (other === connection || !other.clients.some((id) => clients.includes(id))) continue;
      this.connections.delete(other);
      other.socket.close(Close.superseded.code);
    }
    connection.clients = clients;
    const resumed = this.positionHolds(request.epoch, request.seq);
    this.welcome(connection, resumed);
    this.replay(connection.socket, resumed ? request.seq : 0);
  }

  private positionHolds(epoch: number, seq: number): boolean {
    if (seq < 1 || seq > this.head) return false;
    return this.epochStarts.findLast(({ firstSeq }) => firstSeq <= seq)?.epoch === epoch;
  }

  private welcome({ socket, seat, clients }: RoomConnection, resumed: boolean): void {
    socket.deliver(
      welcome.encode({
        version: 1,
        resumed: resumed ? 1 : 0,
        epoch: this.epoch,
        seq: this.head,
        seat,
        role: this.role,
        clients: clients.map((id) => {
          const { number, lastSeq } = this.clients.get(`${seat}:${id}`) ?? { number: 0, lastSeq: 0 };
          return { number, lastSeq };
        }),
        pass: `pass:${seat}`,
        roomMs: this.ms(),
        heartbeatMs: this.heartbeatMs,
        rate: this.rate,
        burst: this.burst,
        bodyMax: 4_096,
      }),
    );
  }

  private replay(socket: ScriptedSocket, after: number): void {
    const size = this.chunkRecords;
    // Whole chunks, as in the archive, so the first one may begin before the position.
    let at = Math.floor(after / size) * size;
    for (; at + size <= this.head; at += size) {
      const deflated = deflateRawSync(Buffer.concat(this.log.slice(at, at + size)));
      socket.deliver(chunk.encode({ first: at + 1, last: at + size, deflated }));
    }
    if (at < this.head) socket.deliver(Buffer.concat(this.log.slice(Math.max(at, after))));
    socket.deliver(live.encode({ seq: this.head }));
  }

  private send(connection: RoomConnection, frame: Uint8Array): void {
    const reader = new Reader(frame, 1);
    const index = reader.varint();
    const clientSeq = reader.varint();
    const kind = reader.byte();
    const id = connection.clients[index] ?? '';
    const body = frame.slice(reader.at);
    const message = { client: id, clientSeq, kind, body: new TextDecoder().decode(body) };
    this.received.push(message);
    if (this.intercept(message, connection.socket)) return;
    const key = `${connection.seat}:${id}`;
    let client = this.clients.get(key);
    const next = (client?.lastSeq ?? 0) + 1;
    if (clientSeq < next) return;
    if (clientSeq > next) return connection.socket.deliver(expect.encode({ client: index, next }));
    if (client === undefined) {
      client = { number: this.clients.size + 1, lastSeq: 0 };
      this.clients.set(key, client);
      this.append(RecordKind.client, connection.seat, client.number, 0, Buffer.from(id, 'hex'));
    }
    client.lastSeq = clientSeq;
    this.append(kind, connection.seat, client.number, clientSeq, body);
  }
}
