/**
 * One room in memory: its sockets, what they are told, and when. The order of its messages is the
 * ledger's business; the room passes on what the ledger says is durable, to everybody alike.
 */
import type { World } from '../../../lib/world.ts';
import type { EpochStart } from '../../../domain/room.ts';
import { withRoomLimits } from '../../../domain/room-limits.ts';
import type { RoomWatch } from '../../../ports/control/control.ts';
import type { LoadedRoom } from '../../../ports/main-db/queries/rooms.ts';
import type { SeatRow } from '../../../ports/main-db/schema.ts';
import type { RoomLog } from '../../../ports/room-log/room-log.ts';
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { heartbeat } from '../../../../sdk/protocol/heartbeat.ts';
import { hold } from '../../../../sdk/protocol/hold.ts';
import type { ClientTable } from './client-table.ts';
import { Sequencer, type SequencerStart } from './sequencer.ts';
import type { GameLimits } from '../limits.ts';
import { RoomRateLimit } from '../socket/rate-limits.ts';
import { PresenceBoard, type PresenceSource } from './presence.ts';
import { SignalBoard, type SignalTicker, type Signalling, type SignalsTold } from './signals.ts';

/** A socket as its room sees it. */
export interface Member {
  readonly seat: number;
  readonly observer: boolean;
  readonly device: string;
  /** Of the link, when the pass was made. */
  readonly generation: number;
  /** Tells a page: a later socket with the same key takes this one's place. */
  readonly pageKey: string;
  /** Sends a frame; closes the socket itself when that fails. */
  deliver(frame: Uint8Array): void;
  /** Signals may be left out while the socket is behind; then it gets the present ones. */
  deliverSignals(told: SignalsTold): void;
  /** More is durable: a replay that had caught up may go on. */
  onDurable(): void;
  /** A message of this member was turned back because too much waited; now something was stored. */
  onCapacity(): void;
  /** Once per HEARTBEAT_MS. */
  beat(frame: Uint8Array): void;
  close(why: CloseCode): void;
}

/** What of a room was read when it was loaded. */
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
  readonly limits: GameLimits;
  readonly ticker: SignalTicker;
  /** The ledger does not know what the log holds: forget the room. */
  lost(room: Room, why: 'fenced' | 'unknown', error?: unknown): void;
  finished(room: Room): void;
  /** The log refused an append: tell the room with `setHold(false)` when to try again. */
  refused(room: Room): void;
}

/** The seat of those who only watch. */
const OBSERVERS = 0;
const HOLD_ON = hold.encode({ on: 1 });
const HOLD_OFF = hold.encode({ on: 0 });

export class Room implements Signalling, PresenceSource {
  readonly id: string;
  readonly epoch: number;
  readonly epochs: readonly EpochStart[];
  readonly sequencer: Sequencer;
  /** The host's, or what the game wants instead. */
  readonly limits: GameLimits;
  readonly rateLimit: RoomRateLimit;
  readonly signals = new SignalBoard();
  readonly presence: PresenceBoard;
  /** True once the room has left memory: nothing may be done with it any more. */
  isUnloaded = false;
  /** Passes of older generations are refused. */
  generation: number;
  seats: readonly SeatRow[];
  /** The archive has everything up to here, as far as is known: only a hint where to look first. */
  archivedSeq: number;
  /** Heartbeats in a row without any socket. */
  emptyBeats = 0;
  /** Members that are owed an answer as soon as something was stored. */
  readonly backpressured = new Set<Member>();
  /** Sockets on their way in: past their hello, not yet members. */
  expected = 0;
  private readonly members = new Set<Member>();
  /** How many sockets each seat has. */
  private readonly sockets = new Map<number, number>();
  /** Those that get every record as it becomes durable. */
  private readonly live: Member[] = [];
  private readonly pages = new Map<string, Member>();
  private signalsAsked = false;
  private holdTold = false;
  private readonly deps: RoomDeps;

  constructor(state: RoomState, outside: RoomDeps) {
    this.id = state.facts.room.id;
    this.epoch = state.start.epoch;
    this.epochs = state.epochs;
    this.generation = state.facts.generation;
    this.seats = state.seats;
    this.archivedSeq = state.facts.room.archived_upto;
    this.deps = outside;
    const { world, log } = outside;
    const limits = withRoomLimits(outside.limits, state.facts.limits);
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

  // What the ledger says.

  committed(records: Uint8Array): void {
    this.broadcast(records);
    if (this.backpressured.size > 0) this.notifyCapacity();
    if (this.live.length === this.members.size) return;
    for (const member of this.members) member.onDurable();
  }

  finished(): void {
    this.deps.finished(this);
  }

  refused(): void {
    this.sendHold(true);
    this.deps.refused(this);
  }

  lost(why: 'fenced' | 'unknown', error?: unknown): void {
    this.deps.lost(this, why, error);
  }

  // Members.

  /** The one page that `member` replaces is closed first. */
  join(member: Member): void {
    this.emptyBeats = 0;
    const previous = this.pages.get(member.pageKey);
    this.members.add(member);
    this.pages.set(member.pageKey, member);
    this.countSockets(member, 1);
    previous?.close(Close.superseded);
    this.onMembersChanged();
  }

  /**
   * Is there room for one more socket? One that takes the place of its page's older one needs none; those
   * who watch leave half of the places to players, and no seat takes them all.
   */
  hasPlace(
    pageKey: string,
    { seat, observer }: { readonly seat: number; readonly observer: boolean },
  ): boolean {
    if (this.pages.has(pageKey)) return true;
    const { socketsPerRoomMax, socketsPerSeatMax } = this.limits;
    if (this.size >= socketsPerRoomMax) return false;
    if (observer) return this.observers() < socketsPerRoomMax / 2;
    return (this.sockets.get(seat) ?? 0) < socketsPerSeatMax;
  }

  /** The member has everything up to the durable head: from now on it gets what comes. */
  goLive(member: Member): void {
    this.live.push(member);
    member.deliver(this.presence.frame());
    const values = this.signals.all();
    if (values) member.deliverSignals(values);
  }

  /** A superseded socket that leaves late does not touch the one that replaced it. */
  leave(member: Member): void {
    if (!this.members.delete(member)) return;
    this.backpressured.delete(member);
    const at = this.live.indexOf(member);
    if (at >= 0) this.live.splice(at, 1);
    if (this.pages.get(member.pageKey) === member) this.pages.delete(member.pageKey);
    this.countSockets(member, -1);
    if (this.isUnloaded) return;
    if (!this.sockets.has(member.seat) && this.signals.clear(member.seat)) this.askForSignals();
    this.onMembersChanged();
  }

  onlineSeats(): ReadonlySet<number> {
    const seats = new Set(this.sockets.keys());
    seats.delete(OBSERVERS);
    return seats;
  }

  observers(): number {
    return this.sockets.get(OBSERVERS) ?? 0;
  }

  private countSockets({ seat }: Member, change: 1 | -1): void {
    const count = (this.sockets.get(seat) ?? 0) + change;
    if (count > 0) this.sockets.set(seat, count);
    else this.sockets.delete(seat);
  }

  private onMembersChanged(): void {
    const seats = this.sockets.size - (this.sockets.has(OBSERVERS) ? 1 : 0);
    this.rateLimit.present = Math.max(1, seats);
    this.presence.changed();
  }

  // What everybody is told.

  /** The same bytes to every live socket, the sender's too. Backwards: a socket that fails leaves the list. */
  broadcast(frame: Uint8Array): void {
    const { live } = this;
    for (let index = live.length - 1; index >= 0; index--) live[index]!.deliver(frame);
  }

  /** To those that still catch up, too: for frames that are not part of the order. */
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
    this.askForSignals();
  }

  sendSignals(): void {
    this.signalsAsked = false;
    const told = this.signals.takeChanged();
    // Nobody watches a lone player's cursor.
    if (!told || this.live.length < 2 || this.isUnloaded) return;
    for (let index = this.live.length - 1; index >= 0; index--) this.live[index]!.deliverSignals(told);
  }

  setHold(on: boolean): void {
    if (this.isUnloaded) return;
    if (on) this.sequencer.hold();
    // Players hear of the end of a hold before anything that is stored after it.
    this.sendHold(on);
    if (!on) this.sequencer.release();
  }

  /** For a socket that comes in during a hold. */
  holdFrame(): Uint8Array | null {
    return this.isHeld ? HOLD_ON : null;
  }

  // What the studio and the database say.

  raiseGeneration(generation: number): void {
    if (generation <= this.generation) return;
    this.generation = generation;
    for (const member of this.members) {
      if (member.generation < generation) member.close(Close.linkRotated);
    }
  }

  /** Seats as the database has them now; a device that lost its seat must join again. */
  replaceSeats(seats: readonly SeatRow[]): void {
    this.seats = seats;
    for (const member of this.members) {
      if (!member.observer && !this.holdsSeat(member)) member.close(Close.rejoin);
    }
    this.presence.changed();
  }

  /** False when the seat is known to be another device's. */
  holdsSeat({ seat, device }: { readonly seat: number; readonly device: string }): boolean {
    const row = this.seats.find((each) => each.seat === seat);
    return row === undefined || row.device_hash.startsWith(device);
  }

  watch(): RoomWatch {
    return {
      room: this.id,
      epoch: this.epoch,
      seq: this.sequencer.durableSeq,
      sockets: this.members.size,
      onlineSeats: [...this.onlineSeats()].sort((a, b) => a - b),
      hold: this.isHeld,
    };
  }

  /** The room leaves memory: every socket is closed with `why`. */
  close(why: CloseCode): void {
    this.isUnloaded = true;
    this.presence.stop();
    for (const member of this.members) member.close(why);
  }

  private notifyCapacity(): void {
    const members = [...this.backpressured];
    this.backpressured.clear();
    for (const member of members) member.onCapacity();
  }

  /** Once per change: the log and an append of ours may both bring the news. */
  private sendHold(on: boolean): void {
    if (on === this.holdTold) return;
    this.holdTold = on;
    this.sendToAll(on ? HOLD_ON : HOLD_OFF);
  }

  private askForSignals(): void {
    if (this.signalsAsked) return;
    this.signalsAsked = true;
    this.deps.ticker.ask(this);
  }
}
