/**
 * The rooms of this process: loaded when the first player comes, released when nobody has been there
 * for a while, forgotten when the log says that somebody else has them.
 */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import type { PassClaims } from '../../../domain/pass.ts';
import type { World } from '../../../lib/world.ts';
import type { LogState, RoomLog } from '../../../ports/room-log/room-log.ts';
import { Semaphore } from '../../../lib/semaphore.ts';
import { pageKeyOf, type Greeting } from '../socket/read-hello.ts';
import type { HeartbeatWheel } from './heartbeat.ts';
import type { GameLimits } from '../limits.ts';
import { loadRoom } from '../loading/load-room.ts';
import { LogSession } from '../loading/log-session.ts';
import { withTimeout } from '../loading/timeout.ts';
import { Room, type RoomDeps } from './room.ts';
import type { SignalTicker } from './signals.ts';
import type { RoomStore } from '../loading/room-store.ts';

/** Beats (15 s each) without a socket until a room is released. */
const EMPTY_BEATS_MAX = 4;
/** A refused append while the log says it serves: the room tries again after this. */
const HOLD_RETRY_MS = 1_000;
/** A room that keeps vanishing under a socket's hello is given up after so many tries. */
const ADMISSIONS_MAX = 3;

export interface TableLimits {
  /** Rooms that load at the same time, and that may wait for it; the sockets of more are closed (4006). */
  readonly loadsMax: number;
  readonly loadsWaitingMax: number;
  /** Sockets of one seat in its room: pages, and those of them that are dead and not yet known to be. */
  readonly socketsPerSeatMax: number;
}

export const TABLE_LIMITS: TableLimits = { loadsMax: 64, loadsWaitingMax: 16_384, socketsPerSeatMax: 16 };

export interface RoomTableDeps {
  readonly world: World;
  readonly log: RoomLog;
  readonly store: RoomStore;
  readonly slot: string;
  readonly limits: GameLimits;
  readonly ticker: SignalTicker;
  readonly wheel: HeartbeatWheel;
  /** The room's first finish record is durable. */
  onFinish(room: string): void;
  /** The room's log is broken: it must be quarantined and somebody told. */
  onBroken(room: string, why: string): void;
  /** For the operator's log. */
  report(what: string, error: unknown): void;
}

type Entry =
  | { readonly kind: 'loading'; readonly outcome: Promise<Room | CloseCode> }
  | { readonly kind: 'open'; readonly room: Room; readonly stopBeating: () => void }
  | { readonly kind: 'leaving'; readonly done: Promise<void> };

export class RoomTable {
  private readonly entries = new Map<string, Entry>();
  private readonly deps: RoomTableDeps;
  private readonly loadSemaphore: Semaphore;
  private readonly roomOutside: RoomDeps;
  private logState: LogState = 'serving';
  private stopping = false;

  constructor(outside: RoomTableDeps) {
    this.deps = outside;
    this.loadSemaphore = new Semaphore(outside.limits.loadsMax, outside.limits.loadsWaitingMax);
    this.roomOutside = {
      ...outside,
      lost: (room, why, error) => {
        if (error !== undefined) outside.report(`append to ${room.id}: ${why}`, error);
        this.unload(room, Close.ownerLost);
      },
      finished: (room) => outside.onFinish(room.id),
      refused: (room) => this.refused(room),
    };
    outside.log.onState((state) => this.followLog(state));
  }

  get(id: string): Room | null {
    const entry = this.entries.get(id);
    return entry?.kind === 'open' ? entry.room : null;
  }

  open(): Room[] {
    const rooms: Room[] = [];
    for (const entry of this.entries.values()) if (entry.kind === 'open') rooms.push(entry.room);
    return rooms;
  }

  /** True while the log takes nothing. */
  get isHeld(): boolean {
    return this.logState === 'hold';
  }

  /** Calls `enter` with the room as soon as it is in memory and open to these claims; else says why not. */
  async admit(id: string, greeting: Greeting, enter: (room: Room) => void): Promise<CloseCode | null> {
    const { claims } = greeting;
    for (let attempt = 1; attempt <= ADMISSIONS_MAX; attempt++) {
      const room = await this.find(id);
      if (!(room instanceof Room)) return room;
      if (room.isUnloaded) continue;
      room.expected++;
      try {
        // A page that knows a later epoch comes from the room's next owner, or makes it up.
        if (greeting.epoch > room.epoch && (await this.fence(room)) === 'unknown') return Close.busy;
        if (room.isUnloaded) continue;
        const denied = await this.denied(room, claims);
        if (room.isUnloaded) continue;
        if (denied) return denied;
        if (!room.hasPlace(pageKeyOf(greeting), claims)) return Close.busy;
        enter(room);
        return null;
      } finally {
        room.expected--;
      }
    }
    return Close.ownerLost;
  }

  /** Seats changed in the database. */
  async refreshSeats(room: Room): Promise<void> {
    const seats = await this.deps.store.seats(room.id);
    if (!room.isUnloaded) room.replaceSeats(seats);
  }

  /**
   * Whether the room is still this process's, by the fence in the log; one that is not leaves memory.
   * Asked where an owner of before would give a page a wrong answer that it acts on: a reset, or an
   * order to number its messages anew. 'unknown': the log cannot say now.
   */
  async fence(room: Room): Promise<'ours' | 'overtaken' | 'unknown'> {
    const { id, epoch } = room;
    // An epoch that the archive has is never opened again, so this only asks.
    const { log, world } = this.deps;
    const answer = log.open(id, epoch, { epoch, seq: 0, ms: 0 });
    const asked = await withTimeout(world.timers, 'the room log', answer);
    if (asked.ok || asked.why !== 'fenced') return 'unknown';
    if (asked.epoch === epoch) return 'ours';
    this.unload(room, Close.ownerLost);
    return 'overtaken';
  }

  /** A part of the room's log is nowhere: no play until somebody looked at it. */
  broken(room: Room, why: string): void {
    if (room.isUnloaded) return;
    this.deps.onBroken(room.id, why);
    this.unload(room, Close.roomBroken);
  }

  /** Loads no more rooms and releases those that are here. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.open().map((room) => this.release(room, Close.goingAway)));
  }

  /** Releases the rooms without sockets, and others with about so many together. False: none is left. */
  async releaseSome(sockets: number): Promise<boolean> {
    let left = sockets;
    const leaving: Promise<void>[] = [];
    for (const room of this.open()) {
      if (room.size > 0 && left <= 0) continue;
      left -= room.size;
      leaving.push(this.release(room, Close.goingAway));
    }
    await Promise.all(leaving);
    return this.open().length > 0;
  }

  /** What was taken becomes durable; then the room leaves memory and the log lets go of it. */
  async release(room: Room, why: CloseCode): Promise<void> {
    const entry = this.entries.get(room.id);
    if (entry?.kind !== 'open' || entry.room !== room) return;
    entry.stopBeating();
    // From here on nobody comes in; who comes waits and then has the room loaded anew.
    const done = this.settle(room, why);
    this.entries.set(room.id, { kind: 'leaving', done });
    await done;
  }

  private async settle(room: Room, why: CloseCode): Promise<void> {
    await room.sequencer.end();
    room.close(why);
    await this.logReleaseFailure(room.id, this.deps.log.release(room.id, room.epoch));
    this.entries.delete(room.id);
  }

  private async logReleaseFailure(id: string, released: Promise<void>): Promise<void> {
    try {
      await released;
    } catch (error) {
      // The fence of the next owner does not need it; only memory is kept a while longer.
      this.deps.report(`releasing room ${id}`, error);
    }
  }

  /** Of a room that left memory at once: an append of it may still be under way. */
  private async endAndRelease(room: Room): Promise<void> {
    await room.sequencer.end();
    await this.deps.log.release(room.id, room.epoch);
  }

  private async find(id: string): Promise<Room | CloseCode> {
    for (;;) {
      const entry = this.entries.get(id);
      if (entry?.kind === 'open') return entry.room;
      if (entry?.kind === 'loading') return entry.outcome;
      if (!entry) return this.load(id);
      await entry.done;
    }
  }

  private load(id: string): Promise<Room | CloseCode> | CloseCode {
    const outcome = this.loadSemaphore.run(() => this.loadNow(id));
    if (outcome === null) return Close.busy;
    this.entries.set(id, { kind: 'loading', outcome });
    return outcome;
  }

  private async loadNow(id: string): Promise<Room | CloseCode> {
    const { log, world } = this.deps;
    const opening = new LogSession(id, log, world.timers);
    try {
      const pause = (ms: number) => new Promise<void>((resolve) => world.timers.after(ms, resolve));
      const loaded = await loadRoom(id, { ...this.deps, logSession: opening, pause });
      if (!loaded.ok && loaded.broken) this.deps.onBroken(id, loaded.broken);
      if (!loaded.ok) return this.abortLoad(id, opening, loaded.close);
      if (this.stopping) return this.abortLoad(id, opening, Close.goingAway);
      const room = new Room(loaded.state, this.roomOutside);
      if (this.isHeld) room.setHold(true);
      const stopBeating = this.deps.wheel.add({ beat: () => this.beat(room) });
      this.entries.set(id, { kind: 'open', room, stopBeating });
      return room;
    } catch (error) {
      this.deps.report(`loading room ${id}`, error);
      return this.abortLoad(id, opening, Close.busy);
    }
  }

  private abortLoad(id: string, opening: LogSession, why: CloseCode): CloseCode {
    this.entries.delete(id);
    // Not waited for: it may be the log's silence that ended the load.
    void this.logReleaseFailure(id, opening.release());
    return why;
  }

  private async denied(room: Room, claims: PassClaims): Promise<CloseCode | null> {
    // A pass newer than what was loaded: the link was rotated and nobody could tell us.
    room.raiseGeneration(claims.generation);
    if (claims.generation < room.generation) return Close.linkRotated;
    if (claims.observer || room.holdsSeat(claims)) return null;
    // Somebody else's seat, as far as we know; it may have been claimed a moment ago.
    await this.refreshSeats(room);
    return room.holdsSeat(claims) ? null : Close.rejoin;
  }

  private beat(room: Room): void {
    room.beat();
    if (room.size > 0 || room.expected > 0) room.emptyBeats = 0;
    else if (++room.emptyBeats >= EMPTY_BEATS_MAX) void this.release(room, Close.goingAway);
  }

  private unload(room: Room, why: CloseCode): void {
    const entry = this.entries.get(room.id);
    if (entry?.kind === 'open' && entry.room === room) {
      entry.stopBeating();
      this.entries.delete(room.id);
      void this.logReleaseFailure(room.id, this.endAndRelease(room));
    }
    room.close(why);
  }

  private refused(room: Room): void {
    // While the log holds, its own word ends the hold.
    this.deps.world.timers.after(HOLD_RETRY_MS, () => {
      if (!this.isHeld) room.setHold(false);
    });
  }

  private followLog(state: LogState): void {
    this.logState = state;
    for (const room of this.open()) room.setHold(state === 'hold');
  }
}
