/**
 * Rate limits of a room and its seats. All sockets of a seat share its token buckets, and the room has a
 * bucket for all messages. While the room is over its rate, only the seats that used more than their share
 * wait.
 */
import type { RoomLimits } from '../../../domain/room-limits.ts';
import { TokenBucket } from '../../../lib/token-bucket.ts';

export interface ControlRateLimits {
  /**
   * Signals and pings of one seat, WebSocket pings and pongs included: per second on average, and at once.
   */
  readonly controlRate: number;
  readonly controlBurst: number;
}

export const CONTROL_RATE_LIMITS: ControlRateLimits = { controlRate: 30, controlBurst: 90 };

type Limits = RoomLimits & ControlRateLimits;

/** `now` is monotonic ms in this file. */
export class RoomRateLimit {
  /** Number of online seats, at least 1: the room's rate is divided by it. */
  activeSeats = 1;
  private readonly messages: TokenBucket;
  /** Kept while the room is in memory, so that a reconnect yields no new tokens. */
  private readonly seats = new Map<number, SeatRateLimit>();
  private readonly limits: Limits;

  constructor(limits: Limits, now: number) {
    this.limits = limits;
    this.messages = new TokenBucket(limits.roomRate, limits.roomBurst, now);
  }

  /** The limit for a new socket: its seat's, or a separate one for an observer. */
  forSocket(seat: number, observer: boolean, now: number): SeatRateLimit {
    if (observer) return new SeatRateLimit(this.limits, now, null);
    let seatLimit = this.seats.get(seat);
    if (seatLimit === undefined)
      this.seats.set(seat, (seatLimit = new SeatRateLimit(this.limits, now, this)));
    else seatLimit.onReconnect(now);
    return seatLimit;
  }

  /** Counts a message of any seat. */
  takeMessage(now: number): void {
    this.messages.take(now);
  }

  /** How long the seats over their share must wait, ms. */
  debtMs(now: number): number {
    return this.messages.debtMsAt(now);
  }
}

export class SeatRateLimit {
  private readonly messages: TokenBucket;
  private readonly controlFrames: TokenBucket;
  /** Null for observers: their messages never reach the room. */
  private readonly roomLimit: RoomRateLimit | null;
  /**
   * When this seat's messages would end if sent at its share of the room's rate, monotonic ms (the theoretical
   * arrival time of GCRA).
   */
  private shareUsedUntil = 0;
  private readonly roomSpacingMs: number;
  private readonly roomBurstMs: number;

  constructor(limits: Limits, now: number, room: RoomRateLimit | null) {
    this.messages = new TokenBucket(limits.messageRate, limits.messageBurst, now);
    this.controlFrames = new TokenBucket(limits.controlRate, limits.controlBurst, now);
    this.roomLimit = room;
    this.roomSpacingMs = 1_000 / limits.roomRate;
    this.roomBurstMs = limits.roomBurst * this.roomSpacingMs;
  }

  /** Counts a message; returns the seat's own debt in ms. */
  takeMessage(now: number): number {
    const { roomLimit: room } = this;
    if (room !== null) {
      room.takeMessage(now);
      this.shareUsedUntil = Math.max(this.shareUsedUntil, now) + this.roomSpacingMs * room.activeSeats;
    }
    return this.messages.take(now);
  }

  /** Whether the seat has used more than its share of the room's burst. */
  isOverShare(now: number): boolean {
    return this.roomLimit !== null && this.shareUsedUntil - now > this.roomBurstMs;
  }

  /** Counts a signal or a ping; returns the debt in ms. */
  takeControlFrame(now: number): number {
    return this.controlFrames.take(now);
  }

  /** How long nothing should be read from this seat, ms. */
  waitMs(now: number): number {
    const ownMs = Math.max(this.messages.debtMsAt(now), this.controlFrames.debtMsAt(now));
    return this.roomLimit !== null && this.isOverShare(now)
      ? Math.max(ownMs, this.roomLimit.debtMs(now))
      : ownMs;
  }

  /** Messages that may be sent at once now, at least 1: the `burst` of the welcome. */
  availableBurst(now: number): number {
    return Math.max(1, this.messages.available(now));
  }

  /** A new socket of the seat keeps to the burst of its welcome, so it starts without debt. */
  onReconnect(now: number): void {
    this.messages.clearDebt(now);
    this.controlFrames.clearDebt(now);
  }
}
