/**
 * A page as small as can be, so that a test can have ten thousand of them: over any number of connections
 * it keeps its position and what it has not seen echoed, comes back as the SDK does, and notes what it
 * sees. Each of its moves says whose it is, so a move that comes twice is seen whatever the server makes
 * of it.
 */
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { closeVerdict } from '../../../sdk/protocol/close-codes.ts';
import { hello } from '../../../sdk/protocol/hello.ts';
import { ping } from '../../../sdk/protocol/ping.ts';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import { encodeSend } from '../../../sdk/protocol/send.ts';
import { PROTOCOL_VERSION } from '../../../sdk/protocol/version.ts';
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS } from '../../../sdk/src/connection.ts';
import { socketPath } from '../../../src/domain/room.ts';
import { decodeDown, type DownFrame } from './down-frames.ts';
import { RawSocket } from './raw-socket.ts';
import { SLOT, ticketFor } from '../in-process/real-game.ts';

export interface SmallPageOptions {
  readonly port: number;
  readonly room: string;
  readonly seat: number;
  /** Where a proxy says it comes from. */
  readonly address: string;
}

/** How a page comes in: from 0 to 1, as Math.random does it, and how often it tries at most. */
export interface Coming {
  readonly random?: () => number;
  readonly triesMax?: number;
  /** performance.now() from which on it tries no more. */
  readonly until: number;
}

export class SmallPage {
  /** `seat:number` of all moves, in order. */
  readonly log: string[] = [];
  readonly wrong: string[] = [];
  live = false;
  made = 0;
  private settled = 0;
  private pass = '';
  private epoch = 0;
  private seq = 0;
  private token = 0;
  private socket: RawSocket | null = null;
  private wentLive = () => {};
  private wasHeard = (_head: number) => {};
  private readonly options: SmallPageOptions;
  private readonly id = crypto.getRandomValues(new Uint8Array(16));

  constructor(options: SmallPageOptions) {
    this.options = options;
  }

  get echoed(): boolean {
    return this.settled === this.made;
  }

  /** `seat:number` of the moves that it made. */
  moves(): readonly string[] {
    return Array.from({ length: this.made }, (_, index) => `${this.options.seat}:${index + 1}`);
  }

  /** False when it tried often enough, was told not to come back, or the time is over. */
  async enter({ random = Math.random, triesMax = Infinity, until }: Coming): Promise<boolean> {
    for (let tries = 0; tries < triesMax && performance.now() < until; tries++) {
      const left = Math.max(0, until - performance.now());
      const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** tries);
      if (tries > 0) await Bun.sleep(Math.min(left, random() * backoff));
      if (await this.attempt()) return true;
    }
    return false;
  }

  /** As after a connection that ended: the first try, too, comes after a pause. */
  async comeBack(coming: Coming): Promise<boolean> {
    await Bun.sleep((coming.random ?? Math.random)() * BACKOFF_FIRST_MS);
    return this.enter(coming);
  }

  /** The network is gone, at both ends. */
  cut(): void {
    this.socket?.reset();
    this.socket = null;
    this.live = false;
  }

  move(): void {
    this.made++;
    this.send();
  }

  /** Everything that was durable when it asked has come, if nothing is left out. */
  async caughtUp(): Promise<void> {
    if (!this.socket) return;
    const heard = new Promise<number>((resolve) => (this.wasHeard = resolve));
    this.socket.sendBinary(ping.encode({ token: ++this.token }));
    const head = await Promise.race([heard, this.socket.closed.then(() => this.seq)]);
    if (this.seq < head) this.wrong.push(`is at entry ${this.seq} of ${head}`);
  }

  private async attempt(): Promise<boolean> {
    const { port, room, seat, address } = this.options;
    const headers = { 'X-Forwarded-For': address };
    try {
      const onFrame = (frame: Uint8Array) => this.take(decodeDown(frame));
      this.socket = await RawSocket.open({ port, path: socketPath(SLOT, room), headers, onFrame });
    } catch {
      return false;
    }
    const credential = this.pass || ticketFor(room, { seat });
    const clients = [{ id: this.id }];
    const { epoch, seq } = this;
    this.socket.sendBinary(hello.encode({ version: PROTOCOL_VERSION, credential, clients, epoch, seq }));
    const entered = new Promise<null>((resolve) => (this.wentLive = () => resolve(null)));
    const code = await Promise.race([this.socket.closed, entered]);
    if (code === null) return true;
    if (closeVerdict(code) === 'stop') this.wrong.push(`closed with ${code}`);
    return false;
  }

  /** What was not seen echoed, or what the server asks for. */
  private send(from = this.settled + 1): void {
    for (let clientSeq = from; clientSeq <= this.made; clientSeq++) {
      const body = new Uint8Array(Buffer.from(`${this.options.seat}:${clientSeq}`));
      this.socket?.sendBinary(encodeSend({ client: 0, clientSeq, kind: RecordKind.move, body }));
    }
  }

  private take(frame: DownFrame): void {
    switch (frame.name) {
      case 'welcome':
        this.pass = frame.values.pass;
        if (frame.values.resumed === 0 && this.seq > 0) this.wrong.push('a reset');
        return;
      case 'live':
        this.live = true;
        this.wentLive();
        this.send();
        return;
      case 'expect':
        return this.send(frame.values.next);
      case 'heartbeat':
        if (frame.values.token === this.token && this.token > 0) this.wasHeard(frame.values.seq);
        return;
      case 'records':
        for (const record of frame.values.records) this.note(record);
        return;
      default:
    }
  }

  private note({
    seq,
    kind,
    body,
  }: {
    readonly seq: number;
    readonly kind: number;
    readonly body: Uint8Array;
  }) {
    if (seq <= this.seq && !this.live) return;
    if (seq !== this.seq + 1) this.wrong.push(`entry ${seq} after ${this.seq}`);
    this.seq = seq;
    if (kind === RecordKind.epoch) this.epoch = new Reader(body).varint();
    if (kind !== RecordKind.move) return;
    const move = Buffer.from(body).toString();
    this.log.push(move);
    const [seat, number] = move.split(':').map(Number);
    if (seat === this.options.seat) this.settled = Math.max(this.settled, number ?? 0);
  }
}

/** What is wrong with what the pages of a room saw, once all of it has come. */
export function wrongInRoom(room: string, team: readonly SmallPage[]): readonly string[] {
  const wrong = team.flatMap((page) => page.wrong.map((what) => `room ${room}: ${what}`));
  const made = team.flatMap((page) => page.moves());
  const [first] = team;
  for (const { log } of team) {
    const seen = new Set(log);
    const lacking = made.filter((move) => !seen.has(move));
    if (lacking.length > 0) wrong.push(`room ${room}: a page lacks ${lacking.join(' ')}`);
    if (seen.size < log.length) wrong.push(`room ${room}: a page saw a move twice`);
    if (log.join(' ') !== first?.log.join(' ')) wrong.push(`room ${room}: its pages saw different orders`);
  }
  return wrong;
}
