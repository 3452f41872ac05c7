/**
 * A hand-written WebSocket client for tests that misbehave: it can send half a frame, never read, and not
 * reply to a ping or close; it keeps everything the server sent.
 */
import { connect, type Socket } from 'node:net';

export const Opcode = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface RawSocketOptions {
  readonly port: number;
  readonly path: string;
  /** Reads nothing after the handshake until `read` is called. */
  readonly neverReads?: boolean;
  /** Does not reply to pings. */
  readonly neverPongs?: boolean;
  readonly headers?: { readonly [name: string]: string };
  /** Called with every binary frame, which is also kept in `frames`. */
  readonly onFrame?: (frame: Uint8Array) => void;
}

export class RawSocket {
  /** Payloads of the binary frames received, oldest first. */
  readonly frames: Uint8Array[] = [];
  pings = 0;
  /** Status line and headers of the server's response to the handshake. */
  answer = '';
  /** The code of the server's close frame; 1006 if the connection ended without one. */
  readonly closed: Promise<number>;
  private readonly tcp: Socket;
  private readonly options: RawSocketOptions;
  private pending = Buffer.alloc(0);
  private code = 1006;
  private waiters: { readonly count: number; readonly wake: () => void }[] = [];

  private constructor(tcp: Socket, options: RawSocketOptions) {
    this.tcp = tcp;
    this.options = options;
    this.closed = new Promise((resolve) => tcp.once('close', () => resolve(this.code)));
    tcp.on('error', () => tcp.destroy());
  }

  /** Rejects with the status line when the server does not upgrade. */
  static async open(options: RawSocketOptions): Promise<RawSocket> {
    const tcp = connect(options.port, '127.0.0.1');
    const socket = new RawSocket(tcp, options);
    await new Promise<void>((resolve, reject) => {
      tcp.once('connect', resolve);
      tcp.once('error', reject);
    });
    const extra = Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
    tcp.write(
      `GET ${options.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${extra.join('')}\r\n`,
    );
    await socket.handshake();
    return socket;
  }

  sendBinary(payload: Uint8Array): void {
    this.sendFrame(Opcode.binary, payload);
  }

  /** Sends a masked frame, as clients must. */
  sendFrame(opcode: number, payload: Uint8Array): void {
    this.sendRaw(maskedFrame(opcode, payload));
  }

  /** Sends any bytes. */
  sendRaw(bytes: Uint8Array): void {
    if (!this.tcp.destroyed) this.tcp.write(bytes);
  }

  read(): void {
    this.tcp.resume();
  }

  /** Resolves when `count` binary frames were received, or the connection ended. */
  async received(count: number): Promise<readonly Uint8Array[]> {
    if (this.frames.length < count && !this.tcp.destroyed) {
      await new Promise<void>((wake) => this.waiters.push({ count, wake }));
    }
    return this.frames;
  }

  /** Ends the connection with a TCP reset. */
  reset(): void {
    this.tcp.resetAndDestroy();
  }

  /** Ends the connection without a close frame. */
  destroy(): void {
    this.tcp.destroy();
  }

  private handshake(): Promise<void> {
    return new Promise((resolve, reject) => {
      let head = Buffer.alloc(0);
      const collect = (data: Buffer) => {
        head = Buffer.concat([head, data]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        this.tcp.off('data', collect);
        this.answer = head.subarray(0, end).toString();
        const status = head.subarray(0, head.indexOf('\r\n')).toString();
        if (!status.includes(' 101 ')) {
          this.tcp.destroy();
          reject(new Error(status));
          return;
        }
        if (this.options.neverReads) this.tcp.pause();
        this.tcp.on('data', (more: Buffer) => this.take(more));
        this.tcp.once('close', () => this.wakeAll());
        this.take(head.subarray(end + 4));
        resolve();
      };
      this.tcp.on('data', collect);
      this.tcp.once('close', () => reject(new Error('closed during the handshake')));
    });
  }

  private take(data: Buffer): void {
    this.pending = Buffer.concat([this.pending, data]);
    for (let frame = this.next(); frame; frame = this.next()) this.handle(frame.opcode, frame.payload);
    for (const waiter of this.waiters) if (this.frames.length >= waiter.count) waiter.wake();
    this.waiters = this.waiters.filter((waiter) => this.frames.length < waiter.count);
  }

  private next(): { opcode: number; payload: Uint8Array } | null {
    const bytes = this.pending;
    if (bytes.length < 2) return null;
    const short = bytes[1]! & 127;
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < headLength) return null;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < headLength + length) return null;
    this.pending = bytes.subarray(headLength + length);
    return {
      opcode: bytes[0]! & 15,
      payload: new Uint8Array(bytes.subarray(headLength, headLength + length)),
    };
  }

  private handle(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.binary) {
      this.frames.push(payload);
      this.options.onFrame?.(payload);
    }
    if (opcode === Opcode.ping) {
      this.pings++;
      if (!this.options.neverPongs) this.sendFrame(Opcode.pong, payload);
    }
    if (opcode === Opcode.close) {
      if (payload.length >= 2) this.code = payload[0]! * 256 + payload[1]!;
      this.sendFrame(Opcode.close, payload.subarray(0, 2));
      this.tcp.end();
    }
  }

  private wakeAll(): void {
    for (const waiter of this.waiters) waiter.wake();
    this.waiters = [];
  }
}

/** A complete client frame with a fixed mask. */
export function maskedFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const mask = [0x11, 0x22, 0x33, 0x44];
  const head =
    payload.length < 126
      ? [0x80 | opcode, 0x80 | payload.length]
      : payload.length < 65_536
        ? [0x80 | opcode, 0xfe, payload.length >> 8, payload.length & 255]
        : [0x80 | opcode, 0xff, 0, 0, 0, 0, ...uint32(payload.length)];
  const frame = new Uint8Array(head.length + 4 + payload.length);
  frame.set(head);
  frame.set(mask, head.length);
  for (let index = 0; index < payload.length; index++) {
    frame[head.length + 4 + index] = payload[index]! ^ mask[index % 4]!;
  }
  return frame;
}

function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
