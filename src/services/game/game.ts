/**
 * The room server: takes sockets, knows who they are, and gives each to its room. It reads headers,
 * never bodies, and writes nothing but the room log.
 */
import { Close, type CloseCode } from '../../../sdk/protocol/close-codes.ts';
import { drain } from '../../../sdk/protocol/drain.ts';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import type { PassKeys } from '../../domain/pass.ts';
import { ROOM_ID } from '../../domain/room.ts';
import type { World } from '../../lib/world.ts';
import type { Command, ControlTarget, TellOutcome } from '../../ports/control/control.ts';
import type { PeerHandler, SocketAnswer, SocketOffer } from '../../ports/frontend/frontend.ts';
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
  /** The name under which this process serves rooms; stands in the sockets' path. */
  readonly slot: string;
  /** Default: those that `dialect.ts` lists. */
  readonly versionAdapters?: ReadonlyMap<number, VersionAdapter>;
  /** What differs from the limits that `limits.ts` lists. */
  readonly limits?: Partial<GameLimits>;
  /** The first finish record of a room is durable: a sweep should follow at once. */
  onFinish(room: string): void;
  /** Archive and log of a room disagree for good: it must be quarantined, and somebody told. */
  onBroken(room: string, why: string): void;
  /** For the operator's log: something could not be read, or has a bug; players were told to come back. */
  report?(what: string, error: unknown): void;
}

export interface DrainOptions {
  /** Told to the pages: they come back within a random moment of it. Milliseconds. */
  readonly windowMs: number;
  /** So many sockets are closed at a time, room by room, one batch every `everyMs`. */
  readonly batch: number;
  readonly everyMs: number;
}

export interface Game {
  /** For the front end: decides on an upgrade by its path and by what is open already. */
  readonly sockets: (offer: SocketOffer) => SocketAnswer;
  readonly control: ControlTarget;
  /** null if well, else a sentence. */
  health(): string | null;
  counts(): { readonly rooms: number; readonly sockets: number };
  /**
   * Declines new sockets, tells the present ones to come back, then releases the rooms batch by batch: what
   * a room has taken becomes durable and is told, then its sockets are closed. As long as the log takes.
   */
  drain(plan: DrainOptions): Promise<void>;
  /** Tells the pages when to come back, lets commits under way finish, closes every socket. At most STOP_MS. */
  stop(): Promise<void>;
}

/**
 * When the process stops, its pages come back over one millisecond for each, at least and at most so
 * long: the next process lets in more than that (`door.ts`).
 */
const RETURN_MS_MIN = 500;
const RETURN_MS_MAX = 20_000;
/** How long `stop` waits for the log. */
export const STOP_MS = 5_000;
/** Seconds after which a declined page may try again. */
const RETRY_AFTER = 2;
const PATH = /^\/h\/([a-z0-9]{1,8})\/r\/([^/]{1,64})\/ws$/;

export function createGame(deps: GameDeps): Game {
  return new GameService(deps);
}

class GameService implements Game {
  readonly control: ControlTarget = {
    tell: (command) => this.tell(command),
    watch: (room) => this.rooms.get(room)?.watch() ?? null,
  };
  private readonly deps: GameDeps;
  private readonly limits: GameLimits;
  private readonly rooms: RoomTable;
  private readonly sessionDeps: SessionDeps;
  private readonly sessions = new Set<Session>();
  private readonly admission: AdmissionControl;
  /** What everybody is told once nobody is let in any more: when to come back. */
  private drainNotice: Uint8Array | null = null;

  constructor(deps: GameDeps) {
    const { world } = deps;
    this.deps = deps;
    this.limits = gameLimits(deps.limits);
    this.admission = new AdmissionControl(this.limits, world.clock);
    const wheel = new HeartbeatWheel(world.timers);
    const ticker = new SignalTicker(world);
    const { limits } = this;
    const report = (what: string, error: unknown) => deps.report?.(what, error);
    const store = withTimeouts(deps.store, world.timers);
    this.rooms = new RoomTable({ ...deps, store, limits, wheel, ticker, report });
    const { keys, log } = deps;
    this.sessionDeps = {
      world,
      keys,
      dialects: deps.versionAdapters ?? VERSION_ADAPTERS,
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
      onEnd: (session, hadGreeted) => this.ended(session, hadGreeted),
    };
  }

  readonly sockets = ({ path, address }: SocketOffer): SocketAnswer => {
    const [, slot, room] = PATH.exec(path) ?? [];
    if (slot === undefined || room === undefined || !ROOM_ID.test(room))
      return { accept: false, status: 404 };
    if (this.drainNotice !== null || !this.admission.tryAdmit(address))
      return { accept: false, status: 503, retryAfter: RETRY_AFTER };
    // A page cannot see the status of a refused upgrade, so this is said by a close code.
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
      const more = await this.rooms.releaseSome(batch);
      if (!more) break;
      await this.pause(everyMs);
    }
    await this.rooms.stop();
    for (const session of this.sessions) session.close(Close.goingAway);
  }

  async stop(): Promise<void> {
    this.announceDrain(Math.min(RETURN_MS_MAX, Math.max(RETURN_MS_MIN, this.sessions.size)));
    await new Promise<void>((resolve) => {
      const cancel = this.deps.world.timers.after(STOP_MS, resolve);
      void this.rooms.stop().then(() => {
        cancel();
        resolve();
      });
    });
    for (const session of this.sessions) session.close(Close.goingAway);
  }

  /** Lets nobody in any more and tells those who are there when to come back. */
  private announceDrain(windowMs: number): void {
    const frame = drain.encode({ windowMs });
    this.drainNotice = frame;
    for (const session of this.sessions) session.tell(frame);
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.deps.world.timers.after(ms, resolve));
  }

  private open(peer: Session['peer'], room: string): PeerHandler {
    this.admission.onOpen(peer.address);
    const session = new Session(peer, room, this.sessionDeps);
    this.sessions.add(session);
    return session;
  }

  private ended(session: Session, hadGreeted: boolean): void {
    this.sessions.delete(session);
    this.admission.onClose(session.peer.address, hadGreeted);
  }

  private tell(command: Command): TellOutcome {
    const room = this.rooms.get(command.room);
    if (!room) return 'not-loaded';
    switch (command.kind) {
      case 'generation':
        room.raiseGeneration(command.generation);
        return 'told';
      case 'seats':
        // If it cannot be read now, the next socket that finds its seat taken reads it again.
        this.rooms.refreshSeats(room).catch((error: unknown) => {
          this.sessionDeps.report(`seats of ${room.id}`, error);
        });
        return 'told';
      case 'notice':
        return this.notice(command.text, room) ? 'told' : 'unreachable';
      default:
        return command satisfies never;
    }
  }

  private notice(text: string, room: Room): boolean {
    const body = new TextEncoder().encode(text);
    return (
      body.length <= this.limits.bodyBytesMax && room.sequencer.appendServerRecord(RecordKind.notice, 0, body)
    );
  }
}

function closeAtOnce(peer: Session['peer'], { code, reason }: CloseCode): PeerHandler {
  peer.close(code, reason);
  const nothing = () => {};
  return {
    message: nothing,
    text: nothing,
    pinged: nothing,
    alive: nothing,
    drained: nothing,
    closed: nothing,
  };
}
