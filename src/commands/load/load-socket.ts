/** A WebSocket client on a plain TCP socket, so that it can pause reading and cut the connection. */
import type { Random } from '../../lib/world.ts';
import { FrameReader, maskedFrame, Opcode } from './websocket-frames.ts';

export interface Address {
  readonly port: number;
  readonly path: string;
}

export type SocketEnd =
  /** Instead of the upgrade the server sent this HTTP status. */
  | { readonly kind: 'declined'; readonly status: number }
  /** The server closed it; 1006 = without a close frame. */
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'failed'; readonly why: string };

export interface SocketEvents {
  onOpen(): void;
  /** A binary message; valid only during the call. */
  onFrame(frame: Uint8Array): void;
  /** Called at most once, and not after `cut`. */
  onEnd(how: SocketEnd): void;
}

const HEAD_BYTES_MAX = 4_096;
/** Bytes queued here because the kernel's buffer is full; beyond that the connection fails. */
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
  private isOpen = false;
  private isOver = false;
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
    if (!this.isOver) this.tcp?.pause();
  }

  resume(): void {
    if (!this.isOver) this.tcp?.resume();
  }

  /** Ends the connection without a close frame; no event follows. */
  cut(): void {
    this.isOver = true;
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
          // Bun.connect also rejects with it.
          connectError: () => {},
        },
      });
    } catch (error) {
      this.end({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
    }
  }

  private connected(tcp: Tcp): void {
    this.tcp = tcp;
    if (this.isOver) return tcp.terminate();
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
    if (this.isOver) return;
    const frames = this.isOpen ? bytes : this.upgraded(bytes);
    if (frames === null) return;
    if (!this.reader.push(frames, (opcode, payload) => this.handleFrame(opcode, payload))) {
      this.endWith({ kind: 'failed', why: 'the server sent an invalid frame' });
    }
  }

  /** Returns the bytes after the response head of the upgrade; null if it is incomplete, or no upgrade. */
  private upgraded(bytes: Uint8Array): Uint8Array | null {
    const before = this.head.length;
    this.head += Buffer.from(bytes).toString('latin1');
    const end = this.head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.head.length > HEAD_BYTES_MAX)
        this.endWith({ kind: 'failed', why: 'no response to the upgrade' });
      return null;
    }
    const status = Number(this.head.split(' ', 2)[1]);
    if (status !== 101) {
      this.endWith({ kind: 'declined', status });
      return null;
    }
    this.isOpen = true;
    this.head = '';
    this.events.onOpen();
    return bytes.subarray(end + 4 - before);
  }

  private handleFrame(opcode: number, payload: Uint8Array): boolean {
    if (opcode === Opcode.binary) this.events.onFrame(payload);
    if (opcode === Opcode.ping) this.sendFrame(Opcode.pong, payload);
    if (opcode === Opcode.close) {
      const [high = 0, low = 0] = payload;
      if (payload.length >= 2) this.code = high * 256 + low;
      this.endWith({ kind: 'closed', code: this.code });
    }
    return !this.isOver;
  }

  private sendFrame(opcode: number, payload: Uint8Array): void {
    if (this.isOver || !this.isOpen) return;
    this.write(maskedFrame(opcode, payload, this.random.next() * 0x1_0000_0000));
  }

  private write(bytes: Uint8Array): void {
    if (this.unsent.length > 0) return this.queue(bytes);
    const written = Math.max(0, this.tcp?.write(bytes) ?? 0);
    if (written < bytes.length) this.queue(bytes.subarray(written));
  }

  private queue(bytes: Uint8Array): void {
    if (this.unsent.length + bytes.length > UNSENT_BYTES_MAX) {
      return this.endWith({ kind: 'failed', why: 'the server does not read' });
    }
    this.unsent = Buffer.concat([this.unsent, bytes]);
  }

  private flush(): void {
    const queued = this.unsent;
    this.unsent = new Uint8Array();
    if (queued.length > 0) this.write(queued);
  }

  private endWith(how: SocketEnd): void {
    const { tcp } = this;
    this.end(how);
    tcp?.terminate();
  }

  private end(how: SocketEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.events.onEnd(how);
  }
}
