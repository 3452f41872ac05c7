/**
 * How fast a room may be spoken to, and by whom: each seat has its allowance, however many sockets it
 * comes by, and the room has one of its own. When the room is over its rate, it is those seats that took
 * more than their share that wait.
 */
import type { RoomLimits } from '../../domain/room-limits.ts';
import { Allowance } from './allowance.ts';

export interface SmallLimits {
  /** Signals and pings of one seat, those of the WebSocket layer too: per second in the long run, and at once. */
  readonly smallRate: number;
  readonly smallBurst: number;
}

export const SMALL_LIMITS: SmallLimits = { smallRate: 30, smallBurst: 90 };

type PaceLimits = RoomLimits & SmallLimits;

/** `now` in monotonic milliseconds everywhere here. */
export class RoomPace {
  /** Seats that are there now: the room's rate is divided among so many. */
  present = 1;
  private readonly all: Allowance;
  /** Kept while the room is in memory: a seat that comes anew goes on where it was. */
  private readonly seats = new Map<number, SpeakerPace>();
  private readonly limits: PaceLimits;

  constructor(limits: PaceLimits, now: number) {
    this.limits = limits;
    this.all = new Allowance(limits.roomRate, limits.roomBurst, now);
  }

  /** The pace of a socket that comes in: its seat's, or its own if it only watches. */
  of(seat: number, observer: boolean, now: number): SpeakerPace {
    if (observer) return new SpeakerPace(this.limits, now, null);
    let pace = this.seats.get(seat);
    if (pace === undefined) this.seats.set(seat, (pace = new SpeakerPace(this.limits, now, this)));
    else pace.comeAgain(now);
    return pace;
  }

  /** A message that the room takes: its debt is what the seats over their share wait for. */
  take(now: number): void {
    this.all.take(now);
  }

  debt(now: number): number {
    return this.all.debt(now);
  }
}

export class SpeakerPace {
  private readonly messages: Allowance;
  private readonly smalls: Allowance;
  /** Null for those who only watch: what they send never reaches the room. */
  private readonly room: RoomPace | null;
  /** Up to when this seat would have spoken, had it kept to its share of the room's rate. */
  private sharedUntil = 0;
  private readonly roomSpacingMs: number;
  private readonly roomAheadMs: number;

  constructor(limits: PaceLimits, now: number, room: RoomPace | null) {
    this.messages = new Allowance(limits.messageRate, limits.messageBurst, now);
    this.smalls = new Allowance(limits.smallRate, limits.smallBurst, now);
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
  small(now: number): number {
    return this.smalls.take(now);
  }

  /** For how long nothing should be read of this speaker, ms. */
  wait(now: number): number {
    const own = Math.max(this.messages.debt(now), this.smalls.debt(now));
    return this.room !== null && this.overShare(now) ? Math.max(own, this.room.debt(now)) : own;
  }

  /** Messages that may be sent at once, now: what a welcome tells. */
  burst(now: number): number {
    return Math.max(1, this.messages.free(now));
  }

  /** A new socket of the seat: what it sends it sends as its welcome says, so it starts without debt. */
  comeAgain(now: number): void {
    this.messages.forgive(now);
    this.smalls.forgive(now);
  }
}
