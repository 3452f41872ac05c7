/**
 * The room server: accepts sockets, authenticates them, and routes each to its room. It reads headers, never
 * bodies (I7), and writes only to the room log.
 */
import { Close, type CloseCode } from '../../../sdk/protocol/close-codes.ts';
import { drain } from '../../../sdk/protocol/drain.ts';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import type { PassKeys } from '../../domain/pass.ts';
import { ROOM_ID } from '../../domain/room.ts';
import { pause } from '../../lib/pause.ts';
import type { World } from '../../lib/world.ts';
import type { Command, ControlTarget, CommandOutcome } from '../../ports/control/control.ts';
import type { PeerHandler, UpgradeResponse, UpgradeRequest } from '../../ports/frontend/frontend.ts';
import type { RoomLog } from '../../ports/room-log/room-log.ts';
import { ArchivePages } from './replay/archive-pages.ts';
import { HeartbeatWheel } from './room/heartbeat.ts';
import { type VersionAdapter, VERSION_ADAPTERS } from './socket/version-adapter.ts';
import { AdmissionControl } from './socket/admission-control.ts';
import { gameLimits, type GameLimits } from './limits.ts';
import { ReplayThrottle } from './replay/replay-throttle.ts';
import type { Room } from './room/room.ts';
import { RoomTable } from './room/room-table.ts';
import { Session, type SessionDeps } from './socket/session.ts';
import { SignalTicker } from './room/signals.ts';
import { withTimeouts, type RoomStore } from './loading/room-store.ts';

export interface GameDeps {
  readonly world: World;
  readonly log: RoomLog;
  readonly store: RoomStore;
  readonly keys: PassKeys;
  /** The name under which this process serves rooms; part of the sockets' path. */
  readonly slot: string;
  /** Default: VERSION_ADAPTERS. */
  readonly versionAdapters?: ReadonlyMap<number, VersionAdapter>;
  /** Overrides of the default limits (`limits.ts`). */
  readonly limits?: Partial<GameLimits>;
  /** The first finish record of a room is durable: the room should be archived at once. */
  onFinish(room: string): void;
  /** Archive and log of a room contradict each other: it must be quarantined and the operator alerted. */
  onBroken(room: string, why: string): void;
  /** For the operator's log: a call of the database or the log failed, or there is a bug. `what` names the call. */
  report?(what: string, error: unknown): void;
}

export interface DrainOptions {
  /** Sent to the pages: each reconnects after a random part of it. Milliseconds. */
  readonly windowMs: number;
  /** Sockets closed at a time, by whole rooms; one batch every `everyMs`. */
  readonly batch: number;
  readonly everyMs: number;
}

export interface Game {
  /** For the front end: decides on an upgrade by its path and the open sockets. */
  readonly onUpgrade: (offer: UpgradeRequest) => UpgradeResponse;
  readonly control: ControlTarget;
  /** null if healthy, else a sentence about the fault. */
  health(): string | null;
  counts(): { readonly rooms: number; readonly sockets: number };
  /**
   * Rejects new sockets, sends the drain notice to the open ones, then releases the rooms batch by batch:
   * everything accepted becomes durable and is sent, then the sockets are closed. Waits for the log without
   * limit.
   */
  drain(options: DrainOptions): Promise<void>;
  /** Sends the drain notice, waits for appends in flight (STOP_MS at most), closes every socket. */
  stop(): Promise<void>;
}

/**
 * When the process stops, its pages reconnect over one millisecond per socket, within these bounds. That is
 * below the rate at which the next process admits sockets (`admission-control.ts`).
 */
const RECONNECT_MS_MIN = 500;
const RECONNECT_MS_MAX = 20_000;
/** How long `stop` waits for the log. */
export const STOP_MS = 5_000;
/** Retry-After of a rejected upgrade. */
const RETRY_AFTER_SECONDS = 2;
const PATH = /^\/h\/([a-z0-9]{1,8})\/r\/([^/]{1,64})\/ws$/;

export function createGame(deps: GameDeps): Game {
  return new GameService(deps);
}

class GameService implements Game {
  readonly control: ControlTarget = {
    handle: (command) => this.handleCommand(command),
    roomStatus: (room) => this.rooms.get(room)?.status() ?? null,
  };
  private readonly deps: GameDeps;
  private readonly limits: GameLimits;
  private readonly rooms: RoomTable;
  private readonly sessionDeps: SessionDeps;
  private readonly sessions = new Set<Session>();
  private readonly admission: AdmissionControl;
  /**
   * The encoded `drain` frame once the process has begun to drain or stop: no socket is accepted after that.
   */
  private drainNotice: Uint8Array | null = null;

  constructor(deps: GameDeps) {
    const { world } = deps;
    this.deps = deps;
    this.limits = gameLimits(deps.limits);
    this.admission = new AdmissionControl(this.limits, world.clock);
    const wheel = new HeartbeatWheel(world);
    const ticker = new SignalTicker(world);
    const { limits } = this;
    const report = (what: string, error: unknown) => deps.report?.(what, error);
    const store = withTimeouts(deps.store, world.timers);
    this.rooms = new RoomTable({ ...deps, store, limits, wheel, ticker, report });
    const { keys, log } = deps;
    this.sessionDeps = {
      world,
      keys,
      versionAdapters: deps.versionAdapters ?? VERSION_ADAPTERS,
      limits,
      rooms: this.rooms,
      source: {
        log,
        archive: new ArchivePages(store, world.clock),
        throttle: new ReplayThrottle(world.timers),
      },
      report,
      drainNotice: () => this.drainNotice,
      onHello: () => this.admission.onHello(),
      onEnd: (session, helloReceived) => this.onSessionEnd(session, helloReceived),
    };
  }

  readonly onUpgrade = ({ path, address }: UpgradeRequest): UpgradeResponse => {
    const [, slot, room] = PATH.exec(path) ?? [];
    if (slot === undefined || room === undefined || !ROOM_ID.test(room))
      return { accept: false, status: 404 };
    if (this.drainNotice !== null || !this.admission.tryAdmit(address))
      return { accept: false, status: 503, retryAfter: RETRY_AFTER_SECONDS };
    // A browser page cannot read the status of a rejected upgrade, so it gets a close code.
    if (slot !== this.deps.slot) return { accept: true, open: (peer) => closeAtOnce(peer, Close.rejoin) };
    return { accept: true, open: (peer) => this.open(peer, room) };
  };

  health(): string | null {
    return this.rooms.isHeld ? 'The room log cannot store: players see "hold".' : null;
  }

  counts(): { readonly rooms: number; readonly sockets: number } {
    return { rooms: this.rooms.open().length, sockets: this.sessions.size };
  }

  async drain({ windowMs, batch, everyMs }: DrainOptions): Promise<void> {
    this.announceDrain(windowMs);
    for (;;) {
      const more = await this.rooms.releaseBatch(batch);
      if (!more) break;
      await pause(this.deps.world.timers, everyMs);
    }
    await this.rooms.stop();
    for (const session of this.sessions) session.close(Close.goingAway);
  }

  async stop(): Promise<void> {
    this.announceDrain(Math.min(RECONNECT_MS_MAX, Math.max(RECONNECT_MS_MIN, this.sessions.size)));
    await new Promise<void>((resolve) => {
      const cancel = this.deps.world.timers.after(STOP_MS, resolve);
      void this.rooms.stop().then(() => {
        cancel();
        resolve();
      });
    });
    for (const session of this.sessions) session.close(Close.goingAway);
  }

  /** Rejects new sockets from now on and sends the drain notice to the open ones. */
  private announceDrain(windowMs: number): void {
    const frame = drain.encode({ windowMs });
    this.drainNotice = frame;
    for (const session of this.sessions) session.deliver(frame);
  }

  private open(peer: Session['peer'], room: string): PeerHandler {
    this.admission.onOpen(peer.address);
    const session = new Session(peer, room, this.sessionDeps);
    this.sessions.add(session);
    return session;
  }

  private onSessionEnd(session: Session, helloReceived: boolean): void {
    this.sessions.delete(session);
    this.admission.onClose(session.peer.address, helloReceived);
  }

  private handleCommand(command: Command): CommandOutcome {
    const room = this.rooms.get(command.room);
    if (!room) return 'not-loaded';
    switch (command.kind) {
      case 'generation':
        room.raiseGeneration(command.generation);
        return 'delivered';
      case 'seats':
        // If the read fails, the next socket whose seat appears to be taken reads the seats again.
        this.rooms.refreshSeats(room).catch((error: unknown) => {
          this.sessionDeps.report(`seats of ${room.id}`, error);
        });
        return 'delivered';
      case 'notice':
        return this.sendNotice(command.text, room) ? 'delivered' : 'unreachable';
      default:
        return command satisfies never;
    }
  }

  private sendNotice(text: string, room: Room): boolean {
    const body = new TextEncoder().encode(text);
    return (
      body.length <= this.limits.bodyBytesMax && room.sequencer.appendServerRecord(RecordKind.notice, 0, body)
    );
  }
}

function closeAtOnce(peer: Session['peer'], { code, reason }: CloseCode): PeerHandler {
  peer.close(code, reason);
  const ignore = () => {};
  return {
    onMessage: ignore,
    onText: ignore,
    onPing: ignore,
    onPong: ignore,
    onDrain: ignore,
    onClose: ignore,
  };
}
