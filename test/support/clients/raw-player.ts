/** Plays one seat over a raw socket: a message, its echo, the next message, as long as it may. */
import { RecordKind, type LogRecord } from '../../../sdk/protocol/record.ts';
import { encodeSend } from '../../../sdk/protocol/send.ts';
import { socketPath } from '../../../src/domain/room.ts';
import { decodeDown } from './down-frames.ts';
import { RawSocket } from './raw-socket.ts';
import { helloFor, SLOT } from '../in-process/real-game.ts';

export interface RawPlayerOptions {
  readonly port: number;
  readonly room: string;
  readonly seat: number;
  /** Bytes of every message, and how many are on their way at a time. */
  readonly length: number;
  readonly window: number;
  readonly going: () => boolean;
}

/** Its client id is 240 + seat, as one byte sixteen times. */
export class RawPlayer {
  readonly seqs: number[] = [];
  readonly bodies: string[] = [];
  readonly names: string[] = [];
  sent = 0;
  echoed = 0;
  private socket: RawSocket | null = null;
  private readonly options: RawPlayerOptions;

  constructor(options: RawPlayerOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    const { port, room, seat } = this.options;
    const path = socketPath(SLOT, room);
    this.socket = await RawSocket.open({ port, path, onFrame: (frame) => this.take(frame) });
    this.socket.sendBinary(helloFor(room, { seat, id: 240 + seat }));
  }

  stop(): void {
    this.socket?.destroy();
  }

  private take(frame: Uint8Array): void {
    const down = decodeDown(frame);
    if (down.name === 'live') for (let n = 0; n < this.options.window; n++) this.next();
    else if (down.name === 'records') for (const record of down.values.records) this.note(record);
    else this.names.push(down.name);
  }

  private note({ kind, seq, seat, body }: LogRecord): void {
    this.seqs.push(seq);
    if (kind !== RecordKind.move) return;
    this.bodies.push(Buffer.from(body).toString().trimEnd());
    if (seat !== this.options.seat) return;
    this.echoed++;
    if (this.options.going()) this.next();
  }

  private next(): void {
    const { seat, length } = this.options;
    const clientSeq = ++this.sent;
    const body = new Uint8Array(Buffer.from(`${seat}:${clientSeq}`.padEnd(length)));
    this.socket?.sendBinary(encodeSend({ client: 0, clientSeq, kind: RecordKind.move, body }));
  }
}
