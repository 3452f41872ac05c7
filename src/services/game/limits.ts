/** Every limit of the room server, each with its unit, and the token bucket that paces a socket. */
import { FRAME_BYTES_MAX, HELLO_MS } from '../../../sdk/protocol/limits.ts';
import { ROOM_BYTES_MAX, ROOM_ENTRIES_MAX } from '../../domain/room.ts';

export interface GameLimits {
  /** A socket that has not said hello by then is closed (4003). */
  readonly helloMs: number;
  /** Sockets that may be open without having said hello; more are declined with 503. */
  readonly socketsWaitingMax: number;
  /** Sockets of one remote address; more are declined with 503. */
  readonly socketsPerAddressMax: number;
  /** Sockets in one room, watchers included; more are closed (4006). */
  readonly socketsPerRoomMax: number;
  /** A longer frame closes the socket (4413). */
  readonly frameBytesMax: number;
  /** A longer body of a message is refused. */
  readonly bodyBytesMax: number;
  /** Frames kept while the room is being loaded; more close the socket (4002). */
  readonly framesBeforeRoomMax: number;
  /** Messages: per second in the long run, and at once. Told in the welcome. */
  readonly messageRate: number;
  readonly messageBurst: number;
  /** Signals and pings: per second in the long run, and at once. */
  readonly smallRate: number;
  readonly smallBurst: number;
  /** Reading stops at most this long for a socket over its rate; more debt closes it (4002). */
  readonly pauseMsMax: number;
  /** Unsent bytes of a socket: over the first it has `outputGraceMs` to catch up, over the second none. */
  readonly outputBytesSoft: number;
  readonly outputBytesHard: number;
  readonly outputGraceMs: number;
  /** Totals of one room. */
  readonly roomEntriesMax: number;
  readonly roomBytesMax: number;
  readonly roomClientsMax: number;
  /** Rooms that load at the same time. */
  readonly loadsMax: number;
}

export const GAME_LIMITS: GameLimits = {
  helloMs: HELLO_MS,
  socketsWaitingMax: 4_000,
  socketsPerAddressMax: 500,
  socketsPerRoomMax: 64,
  frameBytesMax: FRAME_BYTES_MAX,
  bodyBytesMax: 4 * 1024,
  framesBeforeRoomMax: 64,
  messageRate: 20,
  messageBurst: 60,
  smallRate: 30,
  smallBurst: 90,
  pauseMsMax: 5_000,
  outputBytesSoft: 256 * 1024,
  outputBytesHard: 2 * 1024 * 1024,
  outputGraceMs: 5_000,
  roomEntriesMax: ROOM_ENTRIES_MAX,
  roomBytesMax: ROOM_BYTES_MAX,
  roomClientsMax: 2_048,
  loadsMax: 64,
};

/**
 * A token bucket that may go into debt: what was already read is taken, and reading stops until
 * the debt is paid. So nothing has to be queued, and the debt is the bound.
 */
export class Allowance {
  private tokens: number;
  private at: number;
  private readonly ratePerMs: number;
  private readonly burst: number;

  /** `now` in monotonic milliseconds, here and below. */
  constructor(ratePerSecond: number, burst: number, now: number) {
    this.ratePerMs = ratePerSecond / 1_000;
    this.burst = burst;
    this.tokens = burst;
    this.at = now;
  }

  /** Takes one token; answers how many milliseconds of debt there are now, 0 for none. */
  take(now: number): number {
    this.refill(now);
    this.tokens--;
    return this.debtMs();
  }

  /** The debt as of now, without taking anything. */
  debt(now: number): number {
    this.refill(now);
    return this.debtMs();
  }

  private refill(now: number): void {
    this.tokens = Math.min(this.burst, this.tokens + (now - this.at) * this.ratePerMs);
    this.at = now;
  }

  private debtMs(): number {
    return this.tokens >= 0 ? 0 : -this.tokens / this.ratePerMs;
  }
}

/** How many sockets each remote address has open. */
export class AddressBook {
  private readonly counts = new Map<string, number>();

  count(address: string): number {
    return this.counts.get(address) ?? 0;
  }

  add(address: string): void {
    this.counts.set(address, this.count(address) + 1);
  }

  remove(address: string): void {
    const left = this.count(address) - 1;
    if (left > 0) this.counts.set(address, left);
    else this.counts.delete(address);
  }
}
