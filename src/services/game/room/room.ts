/**
 * One room in memory: its sockets and what is sent to them. The sequencer orders the messages; the room
 * sends what the sequencer reports as durable to every socket.
 */
import type { World } from '../../../lib/world.ts';
import type { EpochStart } from '../../../domain/room.ts';
import { type RoomLimits, withRoomLimits } from '../../../domain/room-limits.ts';
import type { RoomStatus } from '../../../ports/control/control.ts';
import type { LoadedRoom } from '../../../ports/main-db/queries/rooms.ts';
import type { SeatRow } from '../../../ports/main-db/schema.ts';
import type { RoomLog } from '../../../ports/room-log/room-log.ts';
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { heartbeat } from '../../../../sdk/protocol/heartbeat.ts';
import { hold } from '../../../../sdk/protocol/hold.ts';
import type { ClientTable } from './client-table.ts';
import { Sequencer, type SequencerEvents, type SequencerLimits, type SequencerStart } from './sequencer.ts';
import { type ControlRateLimits, RoomRateLimit } from '../socket/rate-limits.ts';
import { PresenceBoard, type PresenceSource } from './presence.ts';
import { SignalBoard, type SignalTicker, type SignalSender, type SignalsFrame } from './signals.ts';

export interface RoomSocketLimits {
  /** Sockets of one seat in its room: open pages, and dead sockets that were not detected yet. */
  readonly socketsPerSeatMax: number;
}

export const ROOM_SOCKET_LIMITS: RoomSocketLimits = { socketsPerSeatMax: 16 };

type Limits = RoomLimits & RoomSocketLimits & SequencerLimits & ControlRateLimits;

/** A socket as its room sees it. */
export interface Member {
  readonly seat: number;
  readonly observer: boolean;
  readonly device: string;
  /** The link's generation when the pass was signed. */
  readonly generation: number;
  /** Identifies the page: a later socket with the same key replaces this one. */
  readonly pageKey: string;
  /** Sends a frame; closes the socket if that fails. */
  deliver(frame: Uint8Array): void;
  /** Skipped while the socket is backpressured; it then gets the current values once it has drained. */
  deliverSignals(signals: SignalsFrame): void;
  /** More records are durable: a replay continues. */
  onDurable(): void;
  /** A message of this member was rejected as `backpressured`; an append has committed since. */
  onCapacity(): void;
  /** Once per HEARTBEAT_MS. */
  beat(frame: Uint8Array): void;
  close(why: CloseCode): void;
}

/** What was read of a room when it was loaded. */
export interface RoomState {
  readonly facts: LoadedRoom;
  readonly start: SequencerStart;
  readonly clients: ClientTable;
  readonly epochs: EpochStart[];
  readonly seats: readonly SeatRow[];
}

export interface RoomDeps {
  readonly world: World;
  readonly log: RoomLog;
  readonly limits: Limits;
  readonly ticker: SignalTicker;
  /** The outcome of an append is unknown, or another process owns the room: unload it. */
  onLost(room: Room, why: 'fenced' | 'unknown', error?: unknown): void;
  /** The room's first finish record is durable. */
  onFinish(room: Room): void;
  /** The log refused an append: call `setHold(false)` when the room may append again. */
  onRefused(room: Room): void;
}

/** The seat number of all observers. */
const OBSERVERS = 0;
const HOLD_ON = hold.encode({ on: 1 });
const HOLD_OFF = hold.encode({ on: 0 });

export class Room implements SequencerEvents, SignalSender, PresenceSource {
  readonly id: string;
  readonly epoch: number;
  readonly epochs: readonly EpochStart[];
  readonly sequencer: Sequencer;
  /** The host's limits, overridden by the game's. */
  readonly limits: Limits;
  readonly rateLimit: RoomRateLimit;
  readonly signals = new SignalBoard();
  readonly presence: PresenceBoard;
  /** True once the room has left memory: it must not be used after that. */
  isUnloaded = false;
  /** Passes of older generations are rejected. */
  generation: number;
  seats: readonly SeatRow[];
  /** The archive holds the records up to here, as far as is known: a hint on where to read first. */
  archivedSeq: number;
  /** Consecutive heartbeats without a socket. */
  emptyBeats = 0;
  /** Members whose message was rejected as `backpressured`: notified after the next commit. */
  readonly backpressured = new Set<Member>();
  /** Sockets that are being admitted: after their hello, not members yet. */
  joining = 0;
  private readonly members = new Set<Member>();
  /** Number of sockets by seat. */
  private readonly socketsBySeat = new Map<number, number>();
  /** Members that have finished their replay: they get each record when it becomes durable. */
  private readonly liveMembers: Member[] = [];
  private readonly membersByPage = new Map<string, Member>();
  private isTickRequested = false;
  private isHoldSent = false;
  private readonly deps: RoomDeps;

  constructor(state: RoomState, deps: RoomDeps) {
    this.id = state.facts.room.id;
    this.epoch = state.start.epoch;
    this.epochs = state.epochs;
    this.generation = state.facts.generation;
    this.seats = state.seats;
    this.archivedSeq = state.facts.room.archived_upto;
    this.deps = deps;
    const { world, log } = deps;
    const limits = withRoomLimits(deps.limits, state.facts.limits);
    this.limits = limits;
    this.rateLimit = new RoomRateLimit(limits, world.clock.mono());
    this.sequencer = new Sequencer(state.start, state.clients, {
      log,
      clock: world.clock,
      limits,
      events: this,
    });
    this.presence = new PresenceBoard(this, world.timers, (frame) => this.sendToAll(frame));
  }

  get size(): number {
    return this.members.size;
  }

  get isHeld(): boolean {
    return this.sequencer.isHeld;
  }

  // SequencerEvents

  onCommit(records: Uint8Array): void {
    this.broadcast(records);
    if (this.backpressured.size > 0) this.notifyCapacity();
    if (this.liveMembers.length === this.members.size) return;
    for (const member of this.members) member.onDurable();
  }

  onFinish(): void {
    this.deps.onFinish(this);
  }

  onRefused(): void {
    this.sendHold(true);
    this.deps.onRefused(this);
  }

  onLost(why: 'fenced' | 'unknown', error?: unknown): void {
    this.deps.onLost(this, why, error);
  }

  // Members

  /** Closes the older socket of the same page. */
  join(member: Member): void {
    this.emptyBeats = 0;
    const previous = this.membersByPage.get(member.pageKey);
    this.members.add(member);
    this.membersByPage.set(member.pageKey, member);
    this.countSockets(member, 1);
    previous?.close(Close.superseded);
    this.onMembersChanged();
  }

  /**
   * Whether one more socket is allowed. A socket that replaces the older one of its page always is; observers
   * may take at most half of the places, and one seat at most `socketsPerSeatMax`.
   */
  hasPlace(
    pageKey: string,
    { seat, observer }: { readonly seat: number; readonly observer: boolean },
  ): boolean {
    if (this.membersByPage.has(pageKey)) return true;
    const { socketsPerRoomMax, socketsPerSeatMax } = this.limits;
    if (this.size >= socketsPerRoomMax) return false;
    if (observer) return this.observerCount() < socketsPerRoomMax / 2;
    return (this.socketsBySeat.get(seat) ?? 0) < socketsPerSeatMax;
  }

  /** The member has everything up to the durable head: it gets each record from now on. */
  addLiveMember(member: Member): void {
    this.liveMembers.push(member);
    member.deliver(this.presence.frame());
    const values = this.signals.all();
    if (values) member.deliverSignals(values);
  }

  /** A superseded socket may leave late: the one that replaced it stays registered. */
  leave(member: Member): void {
    if (!this.members.delete(member)) return;
    this.backpressured.delete(member);
    const at = this.liveMembers.indexOf(member);
    if (at >= 0) this.liveMembers.splice(at, 1);
    if (this.membersByPage.get(member.pageKey) === member) this.membersByPage.delete(member.pageKey);
    this.countSockets(member, -1);
    if (this.isUnloaded) return;
    if (!this.socketsBySeat.has(member.seat) && this.signals.clear(member.seat)) this.requestTick();
    this.onMembersChanged();
  }

  onlineSeats(): ReadonlySet<number> {
    const seats = new Set(this.socketsBySeat.keys());
    seats.delete(OBSERVERS);
    return seats;
  }

  observerCount(): number {
    return this.socketsBySeat.get(OBSERVERS) ?? 0;
  }

  private countSockets({ seat }: Member, change: 1 | -1): void {
    const count = (this.socketsBySeat.get(seat) ?? 0) + change;
    if (count > 0) this.socketsBySeat.set(seat, count);
    else this.socketsBySeat.delete(seat);
  }

  private onMembersChanged(): void {
    const seats = this.socketsBySeat.size - (this.socketsBySeat.has(OBSERVERS) ? 1 : 0);
    this.rateLimit.activeSeats = Math.max(1, seats);
    this.presence.markChanged();
  }

  // Sending

  /**
   * Sends the same bytes to every live socket, the sender's included. Iterates backwards: a socket that fails
   * removes itself from the list.
   */
  broadcast(frame: Uint8Array): void {
    const { liveMembers } = this;
    for (let index = liveMembers.length - 1; index >= 0; index--) liveMembers[index]!.deliver(frame);
  }

  /** Sends to replaying sockets, too: for frames that are not records. */
  sendToAll(frame: Uint8Array): void {
    for (const member of this.members) member.deliver(frame);
  }

  beat(): void {
    const frame = this.heartbeat(0);
    for (const member of this.members) member.beat(frame);
  }

  heartbeat(token: number): Uint8Array {
    const { durableSeq: seq } = this.sequencer;
    return heartbeat.encode({ epoch: this.epoch, seq, roomMs: this.sequencer.roomMs(), token });
  }

  signal(seat: number, value: Uint8Array): void {
    this.signals.set(seat, value);
    this.requestTick();
  }

  sendSignals(): void {
    this.isTickRequested = false;
    const changed = this.signals.takeChanged();
    // A single socket does not need its own signals.
    if (!changed || this.liveMembers.length < 2 || this.isUnloaded) return;
    for (let index = this.liveMembers.length - 1; index >= 0; index--)
      this.liveMembers[index]!.deliverSignals(changed);
  }

  setHold(on: boolean): void {
    if (this.isUnloaded) return;
    if (on) this.sequencer.hold();
    // The end of a hold is sent before anything that is stored after it.
    this.sendHold(on);
    if (!on) this.sequencer.release();
  }

  /** For a socket that joins during a hold; null otherwise. */
  holdFrame(): Uint8Array | null {
    return this.isHeld ? HOLD_ON : null;
  }

  // Changes from the studio and the database

  raiseGeneration(generation: number): void {
    if (generation <= this.generation) return;
    this.generation = generation;
    for (const member of this.members) {
      if (member.generation < generation) member.close(Close.linkRotated);
    }
  }

  /** Replaces the seats by those that were read now; a device that lost its seat must join again (4200). */
  replaceSeats(seats: readonly SeatRow[]): void {
    this.seats = seats;
    for (const member of this.members) {
      if (!member.observer && !this.holdsSeat(member)) member.close(Close.rejoin);
    }
    this.presence.markChanged();
  }

  /** False if the seat is known to belong to another device. */
  holdsSeat({ seat, device }: { readonly seat: number; readonly device: string }): boolean {
    const row = this.seats.find((each) => each.seat === seat);
    return row === undefined || row.device_hash.startsWith(device);
  }

  status(): RoomStatus {
    return {
      room: this.id,
      epoch: this.epoch,
      seq: this.sequencer.durableSeq,
      sockets: this.members.size,
      onlineSeats: [...this.onlineSeats()].sort((a, b) => a - b),
      hold: this.isHeld,
    };
  }

  /** Closes every socket with `why`; the room must not be used after that. */
  unload(why: CloseCode): void {
    this.isUnloaded = true;
    this.presence.stop();
    for (const member of this.members) member.close(why);
  }

  private notifyCapacity(): void {
    const members = [...this.backpressured];
    this.backpressured.clear();
    for (const member of members) member.onCapacity();
  }

  /** Sends each change once: the log's state and a refused append may both report it. */
  private sendHold(on: boolean): void {
    if (on === this.isHoldSent) return;
    this.isHoldSent = on;
    this.sendToAll(on ? HOLD_ON : HOLD_OFF);
  }

  private requestTick(): void {
    if (this.isTickRequested) return;
    this.isTickRequested = true;
    this.deps.ticker.request(this);
  }
}
