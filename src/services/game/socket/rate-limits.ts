/**
 * How fast a room may be spoken to, and by whom: each seat has its allowance, however many sockets it
 * comes by, and the room has one of its own. When the room is over its rate, it is those seats that took
 * more than their share that wait.
 */
import type { RoomLimits } from '../../../domain/room-limits.ts';
import { TokenBucket } from '../../../lib/token-bucket.ts';

export interface ControlRateLimits {
  /** Signals and pings of one seat, those of the WebSocket layer too: per second in the long run, and at once. */
  readonly smallRate: number;
  readonly smallBurst: number;
}

export const CONTROL_RATE_LIMITS: ControlRateLimits = { smallRate: 30, smallBurst: 90 };

type PaceLimits = RoomLimits & ControlRateLimits;

/** `now` in monotonic milliseconds everywhere here. */
export class RoomRateLimit {
  /** Seats that are there now: the room's rate is divided among so many. */
  present = 1;
  private readonly all: TokenBucket;
  /** Kept while the room is in memory: a seat that comes anew goes on where it was. */
  private readonly seats = new Map<number, SeatRateLimit>();
  private readonly limits: PaceLimits;

  constructor(limits: PaceLimits, now: number) {
    this.limits = limits;
    this.all = new TokenBucket(limits.roomRate, limits.roomBurst, now);
  }

  /** The pace of a socket that comes in: its seat's, or its own if it only watches. */
  forSocket(seat: number, observer: boolean, now: number): SeatRateLimit {
    if (observer) return new SeatRateLimit(this.limits, now, null);
    let pace = this.seats.get(seat);
    if (pace === undefined) this.seats.set(seat, (pace = new SeatRateLimit(this.limits, now, this)));
    else pace.onReconnect(now);
    return pace;
  }

  /** A message that the room takes: its debt is what the seats over their share wait for. */
  take(now: number): void {
    this.all.take(now);
  }

  debt(now: number): number {
    return this.all.debtMsAt(now);
  }
}

export class SeatRateLimit {
  private readonly messages: TokenBucket;
  private readonly smalls: TokenBucket;
  /** Null for those who only watch: what they send never reaches the room. */
  private readonly room: RoomRateLimit | null;
  /** Up to when this seat would have spoken, had it kept to its share of the room's rate. */
  private sharedUntil = 0;
  private readonly roomSpacingMs: number;
  private readonly roomAheadMs: number;

  constructor(limits: PaceLimits, now: number, room: RoomRateLimit | null) {
    this.messages = new TokenBucket(limits.messageRate, limits.messageBurst, now);
    this.smalls = new TokenBucket(limits.smallRate, limits.smallBurst, now);
    this.room = room;
    this.roomSpacingMs = 1_000 / limits.roomRate;
    this.roomAheadMs = limits.roomBurst * this.roomSpacingMs;
  }

  /** A message came; answers the seat's own debt in ms. */
  message(now: number): number {
    const { room } = this;
    if (room !== null) {
      room.take(now);
      this.sharedUntil = Math.max(this.sharedUntil, now) + this.roomSpacingMs * room.present;
    }
    return this.messages.take(now);
  }

  /** Has the seat taken more than its share of what the room takes at once? */
  overShare(now: number): boolean {
    return this.room !== null && this.sharedUntil - now > this.roomAheadMs;
  }

  /** A signal or a ping came; answers the debt in ms. */
  controlFrame(now: number): number {
    return this.smalls.take(now);
  }

  /** For how long nothing should be read of this speaker, ms. */
  waitMs(now: number): number {
    const own = Math.max(this.messages.debtMsAt(now), this.smalls.debtMsAt(now));
    return this.room !== null && this.overShare(now) ? Math.max(own, this.room.debt(now)) : own;
  }

  /** Messages that may be sent at once, now: what a welcome tells. */
  burst(now: number): number {
    return Math.max(1, this.messages.available(now));
  }

  /** A new socket of the seat: what it sends it sends as its welcome says, so it starts without debt. */
  onReconnect(now: number): void {
    this.messages.clearDebt(now);
    this.smalls.clearDebt(now);
  }
}
