/** One connection to a room, made by hand so that it can read slowly and be cut: TCP, the upgrade, frames. */
import type { Random } from '../../lib/world.ts';
import { FrameReader, maskedFrame, Opcode } from './frames.ts';

export interface Address {
  readonly port: number;
  readonly path: string;
}

export type Ending =
  /** The server does not take the connection now. */
  | { readonly kind: 'declined'; readonly status: number }
  /** By the server; 1006 = without a close frame. */
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'failed'; readonly why: string };

export interface SocketEvents {
  opened(): void;
  /** A binary message; valid only in the call. */
  frame(frame: Uint8Array): void;
  /** Comes at most once, and not after `cut`. */
  ended(how: Ending): void;
}

const HEAD_BYTES_MAX = 4_096;
/** What the kernel did not take is kept so far; then the connection is given up. */
const UNSENT_BYTES_MAX = 1024 * 1024;
const ABNORMAL = 1006;
const LOOPBACK = '127.0.0.1';

type Tcp = Bun.Socket;

export class LoadSocket {
  private readonly address: Address;
  private readonly random: Pick<Random, 'next'>;
  private readonly events: SocketEvents;
  private readonly reader = new FrameReader();
  private tcp: Tcp | null = null;
  private open = false;
  private over = false;
  private head = '';
  private unsent: Uint8Array = new Uint8Array();
  private code = ABNORMAL;

  constructor(address: Address, random: Pick<Random, 'next'>, events: SocketEvents) {
    this.address = address;
    this.random = random;
    this.events = events;
    void this.connect();
  }

  send(payload: Uint8Array): void {
    this.sendFrame(Opcode.binary, payload);
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    if (!this.over) this.tcp?.pause();
  }

  resume(): void {
    if (!this.over) this.tcp?.resume();
  }

  /** Ends it at once, as a lost network does; nothing is heard of it any more. */
  cut(): void {
    this.over = true;
    this.tcp?.terminate();
  }

  private async connect(): Promise<void> {
    try {
      await Bun.connect({
        hostname: LOOPBACK,
        port: this.address.port,
        socket: {
          open: (tcp) => this.connected(tcp),
          data: (_, bytes) => this.data(bytes),
          drain: () => this.flush(),
          close: () => this.end({ kind: 'closed', code: this.code }),
          error: (_, error) => this.end({ kind: 'failed', why: error.message }),
          // The same comes as a rejection.
          connectError: () => {},
        },
      });
    } catch (error) {
      this.end({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
    }
  }

  private connected(tcp: Tcp): void {
    this.tcp = tcp;
    if (this.over) return tcp.terminate();
    tcp.setNoDelay(true);
    const { path, port } = this.address;
    const key = Buffer.from(Array.from({ length: 16 }, () => this.random.next() * 256)).toString('base64');
    this.write(
      Buffer.from(
        `GET ${path} HTTP/1.1\r\nHost: ${LOOPBACK}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
      ),
    );
  }

  private data(bytes: Uint8Array): void {
    if (this.over) return;
    const frames = this.open ? bytes : this.upgraded(bytes);
    if (frames === null) return;
    if (!this.reader.push(frames, (opcode, payload) => this.take(opcode, payload))) {
      this.give({ kind: 'failed', why: 'what came is no frame' });
    }
  }

  /** Answers what came behind the head of the server's answer; null while it is not whole, or there is no upgrade. */
  private upgraded(bytes: Uint8Array): Uint8Array | null {
    const before = this.head.length;
    this.head += Buffer.from(bytes).toString('latin1');
    const end = this.head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.head.length > HEAD_BYTES_MAX) this.give({ kind: 'failed', why: 'no answer to the upgrade' });
      return null;
    }
    const status = Number(this.head.split(' ', 2)[1]);
    if (status !== 101) {
      this.give({ kind: 'declined', status });
      return null;
    }
    this.open = true;
    this.head = '';
    this.events.opened();
    return bytes.subarray(end + 4 - before);
  }

  private take(opcode: number, payload: Uint8Array): boolean {
    if (opcode === Opcode.binary) this.events.frame(payload);
    if (opcode === Opcode.ping) this.sendFrame(Opcode.pong, payload);
    if (opcode === Opcode.close) {
      const [high = 0, low = 0] = payload;
      if (payload.length >= 2) this.code = high * 256 + low;
      this.give({ kind: 'closed', code: this.code });
    }
    return !this.over;
  }

  private sendFrame(opcode: number, payload: Uint8Array): void {
    if (this.over || !this.open) return;
    this.write(maskedFrame(opcode, payload, this.random.next() * 0x1_0000_0000));
  }

  private write(bytes: Uint8Array): void {
    if (this.unsent.length > 0) return this.keep(bytes);
    const took = Math.max(0, this.tcp?.write(bytes) ?? 0);
    if (took < bytes.length) this.keep(bytes.subarray(took));
  }

  private keep(bytes: Uint8Array): void {
    if (this.unsent.length + bytes.length > UNSENT_BYTES_MAX) {
      return this.give({ kind: 'failed', why: 'the server does not read' });
    }
    this.unsent = Buffer.concat([this.unsent, bytes]);
  }

  private flush(): void {
    const waiting = this.unsent;
    this.unsent = new Uint8Array();
    if (waiting.length > 0) this.write(waiting);
  }

  private give(how: Ending): void {
    const { tcp } = this;
    this.end(how);
    tcp?.terminate();
  }

  private end(how: Ending): void {
    if (this.over) return;
    this.over = true;
    this.events.ended(how);
  }
}
