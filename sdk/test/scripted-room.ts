/**
 * A room's server in memory, simple on purpose: it speaks the protocol, gives every message its
 * place at once, and does what a test tells it to.
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
interface Seated {
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
  readonly starts: { epoch: number; firstSeq: number }[] = [];
  readonly clients = new Map<string, Client>();
  readonly seated = new Set<Seated>();
  /** Every message that arrived, repeats included. */
  readonly received: SentMessage[] = [];
  readonly hellos: { credential: string; clients: string[]; epoch: number; seq: number }[] = [];
  /** What a test may change. */
  heartbeatMs = 10_000;
  rate = 1_000;
  burst = 1_000;
  role = 0;
  chunkRecords = 4;
  /** Messages get their place but nobody is told. */
  mute = false;
  /** Answers a message before the room looks at it; true = it is dealt with. */
  intercept: (message: SentMessage, socket: ScriptedSocket) => boolean = () => false;
  /** Answers a hello instead of the room; true = it is dealt with. */
  interceptHello: (socket: ScriptedSocket) => boolean = () => false;
  answersPings = true;
  readonly #time: FakeTime;

  constructor(time: FakeTime, seed = 7) {
    this.#time = time;
    const open = { format: 1, room: 'r', game: 'adding', rulesHash: 'x', seed, locale: 'en', options: {} };
    this.starts.push({ epoch: 100, firstSeq: 1 });
    this.append(RecordKind.open, 0, 0, 0, JSON.stringify({ ...open, startedAt: 0 }));
    this.openEpoch(100);
  }

  get head(): number {
    return this.log.length;
  }

  get epoch(): number {
    return this.starts.at(-1)?.epoch ?? 0;
  }

  openEpoch(epoch: number): void {
    if (epoch !== 100) this.starts.push({ epoch, firstSeq: this.head + 1 });
    this.append(RecordKind.epoch, 0, 0, 0, new Writer().varint(epoch).done());
  }

  /** Puts a record into the log and sends it to everybody. Answers its seq. */
  append(kind: number, seat: number, client: number, clientSeq: number, body: string | Uint8Array): number {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const header = { kind, seq: this.head + 1, ms: this.#ms(), seat, client, clientSeq };
    const record = new Uint8Array(recordLength(header, bytes.length));
    encodeRecord(record, 0, header, bytes);
    this.log.push(record);
    if (!this.mute) this.broadcast(record);
    return this.head;
  }

  broadcast(frame: Uint8Array): void {
    for (const { socket, clients } of this.seated) if (clients.length > 0) socket.deliver(frame);
  }

  /** The server dies: sockets go, memory that is in the log comes back, everything else is lost. */
  restart(epoch: number): void {
    for (const { socket } of this.seated) socket.reset();
    this.seated.clear();
    this.openEpoch(epoch);
  }

  /** Takes a socket whose page has `seat`. */
  seat(socket: ScriptedSocket, seat: number): void {
    const seated: Seated = { socket, seat, clients: [] };
    socket.server = {
      message: (frame) => this.#message(seated, frame),
      closed: () => this.seated.delete(seated),
    };
    this.seated.add(seated);
    socket.accept();
  }

  beat(socket: ScriptedSocket, seq = this.head, token = 0): void {
    socket.deliver(heartbeat.encode({ epoch: this.epoch, seq, roomMs: this.#ms(), token }));
  }

  #ms(): number {
    return Math.floor(this.#time.now());
  }

  #message(seated: Seated, frame: Uint8Array): void {
    if (!this.seated.has(seated)) return;
    if (frame[0] === hello.type) this.#hello(seated, frame);
    else if (frame[0] === ping.type && this.answersPings) {
      this.beat(seated.socket, this.head, ping.decode(frame)?.token);
    } else if (frame[0] === SEND) this.#send(seated, frame);
  }

  #hello(seated: Seated, frame: Uint8Array): void {
    const said = hello.decode(frame);
    if (said === null) return seated.socket.close(Close.malformed.code);
    const clients = said.clients.map(({ id }) => toHex(id));
    this.hellos.push({ credential: said.credential, clients, epoch: said.epoch, seq: said.seq });
    if (this.interceptHello(seated.socket)) return;
    for (const other of this.seated) {
      if (other === seated || !other.clients.some((id) => clients.includes(id))) continue;
      this.seated.delete(other);
      other.socket.close(Close.superseded.code);
    }
    seated.clients = clients;
    const resumed = this.#holds(said.epoch, said.seq);
    this.#welcome(seated, resumed);
    this.#replay(seated.socket, resumed ? said.seq : 0);
  }

  #holds(epoch: number, seq: number): boolean {
    if (seq < 1 || seq > this.head) return false;
    return this.starts.findLast(({ firstSeq }) => firstSeq <= seq)?.epoch === epoch;
  }

  #welcome({ socket, seat, clients }: Seated, resumed: boolean): void {
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
        roomMs: this.#ms(),
        heartbeatMs: this.heartbeatMs,
        rate: this.rate,
        burst: this.burst,
        bodyMax: 4_096,
      }),
    );
  }

  #replay(socket: ScriptedSocket, after: number): void {
    const size = this.chunkRecords;
    // Whole chunks as an archive would have them, so that the first may begin before the position.
    let at = Math.floor(after / size) * size;
    for (; at + size <= this.head; at += size) {
      const deflated = deflateRawSync(Buffer.concat(this.log.slice(at, at + size)));
      socket.deliver(chunk.encode({ first: at + 1, last: at + size, deflated }));
    }
    if (at < this.head) socket.deliver(Buffer.concat(this.log.slice(Math.max(at, after))));
    socket.deliver(live.encode({ seq: this.head }));
  }

  #send(seated: Seated, frame: Uint8Array): void {
    const reader = new Reader(frame, 1);
    const place = reader.varint();
    const clientSeq = reader.varint();
    const kind = reader.byte();
    const id = seated.clients[place] ?? '';
    const body = frame.slice(reader.at);
    const message = { client: id, clientSeq, kind, body: new TextDecoder().decode(body) };
    this.received.push(message);
    if (this.intercept(message, seated.socket)) return;
    const key = `${seated.seat}:${id}`;
    let client = this.clients.get(key);
    const next = (client?.lastSeq ?? 0) + 1;
    if (clientSeq < next) return;
    if (clientSeq > next) return seated.socket.deliver(expect.encode({ client: place, next }));
    if (client === undefined) {
      client = { number: this.clients.size + 1, lastSeq: 0 };
      this.clients.set(key, client);
      this.append(RecordKind.client, seated.seat, client.number, 0, Buffer.from(id, 'hex'));
    }
    client.lastSeq = clientSeq;
    this.append(kind, seated.seat, client.number, clientSeq, body);
  }
}
