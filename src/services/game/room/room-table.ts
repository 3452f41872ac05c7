/**
 * The rooms of this process: loaded for the first player, released after a minute without sockets, unloaded
 * at once when the log reports another owner (I5).
 */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import type { PassClaims } from '../../../domain/pass.ts';
import type { World } from '../../../lib/world.ts';
import type { LogState, RoomLog } from '../../../ports/room-log/room-log.ts';
import { Semaphore } from '../../../lib/semaphore.ts';
import { pageKeyOf, type ClientHello } from '../socket/read-hello.ts';
import type { HeartbeatWheel } from './heartbeat.ts';
import { loadRoom } from '../loading/load-room.ts';
import { LogSession } from '../loading/log-session.ts';
import { withTimeout } from '../loading/timeout.ts';
import { Room, type RoomDeps } from './room.ts';
import type { SignalTicker } from './signals.ts';
import type { RoomStore } from '../loading/room-store.ts';

/** Heartbeats (15 s each) without a socket until a room is released. */
const EMPTY_BEATS_MAX = 4;
/** Length of a room's hold after a refused append while the log's state is `serving`. */
const HOLD_RETRY_MS = 1_000;
/** Attempts to admit a socket whose room is unloaded while it is being admitted. */
const ADMIT_ATTEMPTS_MAX = 3;

export interface LoadLimits {
  /** Rooms that load at the same time, and rooms that wait to load; the sockets of more are closed (4006). */
  readonly loadsMax: number;
  readonly loadsWaitingMax: number;
}

export const LOAD_LIMITS: LoadLimits = { loadsMax: 64, loadsWaitingMax: 16_384 };

/** `unknown`: the log could not be read. */
export type Ownership = 'owned' | 'lost' | 'unknown';

export interface RoomTableDeps {
  readonly world: World;
  readonly log: RoomLog;
  readonly store: RoomStore;
  readonly slot: string;
  readonly limits: RoomDeps['limits'] & LoadLimits;
  readonly ticker: SignalTicker;
  readonly wheel: HeartbeatWheel;
  /** The room's first finish record is durable. */
  onFinish(room: string): void;
  /** The room's log is damaged: the room must be quarantined and the operator alerted. */
  onBroken(room: string, why: string): void;
  /** For the operator's log. */
  report(what: string, error: unknown): void;
}

type Entry =
  | { readonly kind: 'loading'; readonly outcome: Promise<Room | CloseCode> }
  | { readonly kind: 'open'; readonly room: Room; readonly stopHeartbeat: () => void }
  | { readonly kind: 'leaving'; readonly done: Promise<void> };

export class RoomTable {
  private readonly entries = new Map<string, Entry>();
  private readonly deps: RoomTableDeps;
  private readonly loadSemaphore: Semaphore;
  private readonly roomDeps: RoomDeps;
  private logState: LogState = 'serving';
  private isStopping = false;

  constructor(deps: RoomTableDeps) {
    this.deps = deps;
    this.loadSemaphore = new Semaphore(deps.limits.loadsMax, deps.limits.loadsWaitingMax);
    this.roomDeps = {
      ...deps,
      onLost: (room, why, error) => {
        if (error !== undefined) deps.report(`append to ${room.id}: ${why}`, error);
        this.unload(room, Close.ownerLost);
      },
      onFinish: (room) => deps.onFinish(room.id),
      onRefused: (room) => this.onAppendRefused(room),
    };
    deps.log.onState((state) => this.onLogState(state));
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

  /** True while the log cannot store. */
  get isHeld(): boolean {
    return this.logState === 'hold';
  }

  /**
   * Loads the room if necessary, checks the claims, and calls `enter` with the room: returns null. If the
   * socket may not enter, returns the code to close it with.
   */
  async admit(id: string, hello: ClientHello, enter: (room: Room) => void): Promise<CloseCode | null> {
    const { claims } = hello;
    for (let attempt = 1; attempt <= ADMIT_ATTEMPTS_MAX; attempt++) {
      const room = await this.find(id);
      if (!(room instanceof Room)) return room;
      if (room.isUnloaded) continue;
      room.joining++;
      try {
        // A later epoch than ours: the page was connected to the room's next owner, or the epoch is forged.
        if (hello.epoch > room.epoch && (await this.checkOwnership(room)) === 'unknown') return Close.busy;
        if (room.isUnloaded) continue;
        const denial = await this.checkAccess(room, claims);
        if (room.isUnloaded) continue;
        if (denial) return denial;
        if (!room.hasPlace(pageKeyOf(hello), claims)) return Close.busy;
        enter(room);
        return null;
      } finally {
        room.joining--;
      }
    }
    return Close.ownerLost;
  }

  /** Reads the seats again: they changed in the database. */
  async refreshSeats(room: Room): Promise<void> {
    const seats = await this.deps.store.seats(room.id);
    if (!room.isUnloaded) room.replaceSeats(seats);
  }

  /**
   * Checks by the log's fence whether this process still owns the room; unloads the room if not. Required
   * before a page gets a reply that a former owner would get wrong and the page acts on: a reset, or an
   * `expect`, by which it renumbers its messages.
   */
  async checkOwnership(room: Room): Promise<Ownership> {
    const { id, epoch } = room;
    // The log rejects an epoch that is not above the archived one: this only reads the fence.
    const { log, world } = this.deps;
    const opened = log.open(id, epoch, { epoch, seq: 0, ms: 0 });
    const outcome = await withTimeout(world.timers, 'the room log', opened);
    if (outcome.ok || outcome.why !== 'fenced') return 'unknown';
    if (outcome.epoch === epoch) return 'owned';
    this.unload(room, Close.ownerLost);
    return 'lost';
  }

  /** A part of the room's log is missing: unloads the room (4500) and has it quarantined. */
  markBroken(room: Room, why: string): void {
    if (room.isUnloaded) return;
    this.deps.onBroken(room.id, why);
    this.unload(room, Close.roomBroken);
  }

  /** Releases all rooms; loads none after that. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.open().map((room) => this.release(room, Close.goingAway)));
  }

  /** Releases the rooms without sockets, and others with about `sockets` in total. False: none is left. */
  async releaseBatch(sockets: number): Promise<boolean> {
    let socketsLeft = sockets;
    const releases: Promise<void>[] = [];
    for (const room of this.open()) {
      if (room.size > 0 && socketsLeft <= 0) continue;
      socketsLeft -= room.size;
      releases.push(this.release(room, Close.goingAway));
    }
    await Promise.all(releases);
    return this.open().length > 0;
  }

  /** Waits until everything assigned is durable, then closes the room and releases it in the log. */
  async release(room: Room, why: CloseCode): Promise<void> {
    const entry = this.entries.get(room.id);
    if (entry?.kind !== 'open' || entry.room !== room) return;
    entry.stopHeartbeat();
    // Sockets that join from now on wait for this, then load the room again.
    const done = this.endAndUnload(room, why);
    this.entries.set(room.id, { kind: 'leaving', done });
    await done;
  }

  private async endAndUnload(room: Room, why: CloseCode): Promise<void> {
    await room.sequencer.end();
    room.unload(why);
    await this.logReleaseFailure(room.id, this.deps.log.release(room.id, room.epoch));
    this.entries.delete(room.id);
  }

  private async logReleaseFailure(id: string, released: Promise<void>): Promise<void> {
    try {
      await released;
    } catch (error) {
      // The next owner's fence does not depend on it: the log only keeps some memory longer.
      this.deps.report(`releasing room ${id}`, error);
    }
  }

  /** Releases a room that was unloaded at once, when its append in flight has settled. */
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
    const logSession = new LogSession(id, log, world.timers);
    try {
      const loaded = await loadRoom(id, { ...this.deps, logSession });
      if (!loaded.ok && loaded.broken) this.deps.onBroken(id, loaded.broken);
      if (!loaded.ok) return this.abortLoad(id, logSession, loaded.close);
      if (this.isStopping) return this.abortLoad(id, logSession, Close.goingAway);
      const room = new Room(loaded.state, this.roomDeps);
      if (this.isHeld) room.setHold(true);
      const stopHeartbeat = this.deps.wheel.add({ beat: () => this.beat(room) });
      this.entries.set(id, { kind: 'open', room, stopHeartbeat });
      return room;
    } catch (error) {
      this.deps.report(`loading room ${id}`, error);
      return this.abortLoad(id, logSession, Close.busy);
    }
  }

  private abortLoad(id: string, logSession: LogSession, why: CloseCode): CloseCode {
    this.entries.delete(id);
    // Not awaited: the load may have failed because the log does not respond.
    void this.logReleaseFailure(id, logSession.release());
    return why;
  }

  private async checkAccess(room: Room, claims: PassClaims): Promise<CloseCode | null> {
    // A newer pass than the loaded generation: the link was rotated and the control command did not arrive.
    room.raiseGeneration(claims.generation);
    if (claims.generation < room.generation) return Close.linkRotated;
    if (claims.observer || room.holdsSeat(claims)) return null;
    // Another device holds the seat in what was loaded; it may have been claimed since.
    await this.refreshSeats(room);
    return room.holdsSeat(claims) ? null : Close.rejoin;
  }

  private beat(room: Room): void {
    room.beat();
    if (room.size > 0 || room.joining > 0) room.emptyBeats = 0;
    else if (++room.emptyBeats >= EMPTY_BEATS_MAX) void this.release(room, Close.goingAway);
  }

  private unload(room: Room, why: CloseCode): void {
    const entry = this.entries.get(room.id);
    if (entry?.kind === 'open' && entry.room === room) {
      entry.stopHeartbeat();
      this.entries.delete(room.id);
      void this.logReleaseFailure(room.id, this.endAndRelease(room));
    }
    room.unload(why);
  }

  private onAppendRefused(room: Room): void {
    // During a hold of the whole log, the log's `serving` ends it.
    this.deps.world.timers.after(HOLD_RETRY_MS, () => {
      if (!this.isHeld) room.setHold(false);
    });
  }

  private onLogState(state: LogState): void {
    this.logState = state;
    for (const room of this.open()) room.setHold(state === 'hold');
  }
}
