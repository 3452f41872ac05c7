/**
 * A page for tests with thousands of pages in one process: a RoomClient that reconnects with the backoff of the SDK.
 * Each of its moves names its author, so that a repeated move is noticed whatever the server makes of it.
 */
import { closeAction } from '../../../sdk/protocol/close-codes.ts';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS } from '../../../sdk/src/connection.ts';
import { socketPath } from '../../../src/domain/room.ts';
import { backoffMs } from '../../../src/lib/backoff.ts';
import { SLOT, ticketFor } from '../in-process/real-game.ts';
import { RoomClient } from './room-client.ts';

const BACKOFF = { firstMs: BACKOFF_FIRST_MS, maxMs: BACKOFF_MAX_MS };

export interface StormPageOptions {
  readonly port: number;
  readonly room: string;
  readonly seat: number;
  /** The address that a proxy reports for it. */
  readonly address: string;
}

export interface ConnectOptions {
  /** As Math.random. */
  readonly random?: () => number;
  readonly triesMax?: number;
  /** Value of performance.now() after which it does not try again. */
  readonly until: number;
}

export class StormPage {
  private readonly client: RoomClient;
  private readonly wrong: string[] = [];
  private readonly options: StormPageOptions;

  constructor(options: StormPageOptions) {
    this.options = options;
    const headers = { 'X-Forwarded-For': options.address };
    this.client = new RoomClient({ headers, collectsFaults: true });
  }

  get isConnected(): boolean {
    return this.client.isConnected;
  }

  get isEchoed(): boolean {
    return this.client.outbox.length === 0;
  }

  get made(): number {
    return this.client.sent;
  }

  /** `seat:number` of its own moves. */
  ownMoves(): readonly string[] {
    return Array.from({ length: this.made }, (_, index) => `${this.options.seat}:${index + 1}`);
  }

  /** `seat:number` of all moves in the log, in order. */
  log(): readonly string[] {
    const moves = this.client.records.filter(({ kind }) => kind === RecordKind.move);
    return moves.map(({ body }) => Buffer.from(body).toString());
  }

  violations(): readonly string[] {
    const resets = this.client.resets > 0 ? ['a reset'] : [];
    return [...this.wrong, ...this.client.faults.map(({ message }) => message), ...resets];
  }

  /** Resolves with false after `triesMax` tries or at `until`. */
  async enter({ random = Math.random, triesMax = Infinity, until }: ConnectOptions): Promise<boolean> {
    for (let tries = 0; tries < triesMax && performance.now() < until; tries++) {
      const left = Math.max(0, until - performance.now());
      if (tries > 0) await Bun.sleep(Math.min(left, random() * backoffMs(BACKOFF, tries + 1)));
      if (await this.attempt()) return true;
    }
    return false;
  }

  /** As after a lost connection: the first try comes after a delay, too. */
  async reconnect(options: ConnectOptions): Promise<boolean> {
    await Bun.sleep((options.random ?? Math.random)() * BACKOFF_FIRST_MS);
    return this.enter(options);
  }

  cut(): void {
    this.client.cut();
  }

  move(): void {
    const text = `${this.options.seat}:${this.made + 1}`;
    this.client.send(RecordKind.move, new Uint8Array(Buffer.from(text)));
  }

  /** Checks that it has received everything that was durable at the time of the call. */
  async checkHead(): Promise<void> {
    if (!this.isConnected) return;
    await this.client.roundTrip().catch(() => {});
    const { head, position } = this.client;
    if (position.seq < head) this.wrong.push(`is at entry ${position.seq} of ${head}`);
  }

  private async attempt(): Promise<boolean> {
    const { port, room, seat } = this.options;
    const address = `ws://127.0.0.1:${port}${socketPath(SLOT, room)}`;
    try {
      await this.client.connect(address, this.client.pass || ticketFor(room, { seat }));
      return true;
    } catch {
      const code = this.client.closedWith;
      if (code !== null && closeAction(code) === 'stop') this.wrong.push(`closed with ${code}`);
      this.client.cut();
      return false;
    }
  }
}

/** What is wrong with what the pages of a room received, once everything has arrived. */
export function violationsIn(room: string, team: readonly StormPage[]): readonly string[] {
  const wrong = team.flatMap((page) => page.violations());
  const made = team.flatMap((page) => page.ownMoves());
  const logs = team.map((page) => page.log());
  for (const log of logs) {
    const seen = new Set(log);
    const missing = made.filter((move) => !seen.has(move));
    if (missing.length > 0) wrong.push(`a page lacks ${missing.join(' ')}`);
    if (seen.size < log.length) wrong.push('a page saw a move twice');
    if (log.join(' ') !== logs[0]?.join(' ')) wrong.push('its pages saw different orders');
  }
  return wrong.map((what) => `room ${room}: ${what}`);
}
