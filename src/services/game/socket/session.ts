/**
 * One socket from open to closed. Each state holds what is valid in it and nothing else; a frame, a
 * time-out and the socket's own end are told what they mean by the state they find.
 */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { FRAME_BYTES_MAX, HELLO_MS } from '../../../../sdk/protocol/limits.ts';
import type { Peer, PeerHandler } from '../../../ports/frontend/frontend.ts';
import { type VersionAdapter, CURRENT_VERSION, adaptPeer } from './version-adapter.ts';
import { readHello, type Greeting, type HelloDeps } from './read-hello.ts';
import { SendBuffer, type SendBufferEvents } from './send-buffer.ts';
import { Player, type PlayerSession, type PlayerDeps } from './player.ts';
import type { Room } from '../room/room.ts';
import type { RoomTable } from '../room/room-table.ts';

export interface SessionLimits {
  /** A socket that has not said hello by then is closed (4003). */
  readonly helloMs: number;
  /** A longer frame closes the socket (4413). */
  readonly frameBytesMax: number;
  /** Frames kept while the room is being loaded, and their bytes; more close the socket (4002). */
  readonly framesBeforeRoomMax: number;
  readonly bytesBeforeRoomMax: number;
  /** Pings and pongs of the WebSocket layer before the page is let in; more close the socket (4002). */
  readonly controlsBeforeRoomMax: number;
}

export const SESSION_LIMITS: SessionLimits = {
  helloMs: HELLO_MS,
  frameBytesMax: FRAME_BYTES_MAX,
  framesBeforeRoomMax: 64,
  bytesBeforeRoomMax: 64 * 1024,
  controlsBeforeRoomMax: 16,
};

type State =
  | { readonly kind: 'awaiting-hello'; readonly cancelDeadline: () => void }
  /** Frames that came early wait here; they are copies, since a frame is only valid in its call. */
  | { readonly kind: 'loading'; readonly early: Early }
  | { readonly kind: 'replaying'; readonly player: Player }
  | { readonly kind: 'live'; readonly player: Player }
  | { readonly kind: 'closed' };

interface Early {
  readonly frames: Uint8Array[];
  bytes: number;
}

/** The same for all sessions: an idle socket should cost little. */
export interface SessionDeps extends PlayerDeps, HelloDeps {
  readonly rooms: RoomTable;
  /** What everybody was told when the process began to leave; null while it does not. */
  drainNotice(): Uint8Array | null;
  /** The socket has said hello: it counts no longer as one of the unknown. */
  onHello(): void;
  /** The socket is gone. Comes once; `hadGreeted` says whether `greeted` was called. */
  onEnd(session: Session, hadGreeted: boolean): void;
}

export class Session implements PeerHandler, PlayerSession, SendBufferEvents {
  readonly peer: Peer;
  readonly deps: SessionDeps;
  sendBuffer: SendBuffer;
  private readonly room: string;
  /** Null while the page speaks the present version. */
  private versionAdapter: VersionAdapter | null = null;
  private state: State;
  /** Pings and pongs of the WebSocket layer before there was a player. */
  private controls = 0;

  constructor(peer: Peer, room: string, outside: SessionDeps) {
    const { world, limits } = outside;
    this.peer = peer;
    this.room = room;
    this.deps = outside;
    this.sendBuffer = new SendBuffer(peer, limits, world.timers, this);
    const cancelDeadline = world.timers.after(limits.helloMs, () => this.close(Close.helloLate));
    this.state = { kind: 'awaiting-hello', cancelDeadline };
  }

  message(frame: Uint8Array): void {
    if (frame.length > this.deps.limits.frameBytesMax) return this.close(Close.tooLarge);
    const present = this.versionAdapter === null ? frame : this.versionAdapter.up(frame);
    if (present === null) this.close(Close.malformed);
    else this.take(present);
  }

  /** A frame of the present version, or a hello of any. */
  private take(frame: Uint8Array): void {
    const { state } = this;
    switch (state.kind) {
      case 'live':
      case 'replaying':
        return state.player.receive(frame);
      case 'loading':
        return this.keep(state.early, frame);
      case 'awaiting-hello':
        return this.greet(frame, state.cancelDeadline);
      case 'closed':
        return;
      default:
        return state satisfies never;
    }
  }

  text(): void {
    this.close(Close.malformed);
  }

  pinged(): void {
    const player = this.player();
    if (player) player.pinged();
    else this.countControl();
  }

  alive(): void {
    const player = this.player();
    if (player) player.alive();
    else this.countControl();
  }

  drained(): void {
    this.player()?.drained();
  }

  closed(): void {
    this.end();
  }

  fellBehind(): void {
    this.close(Close.tooSlow);
  }

  wentLive(player: Player): void {
    if (this.state.kind === 'replaying') this.state = { kind: 'live', player };
  }

  broken(room: Room, why: string): void {
    this.deps.rooms.broken(room, why);
  }

  fence(room: Room): Promise<'ours' | 'overtaken' | 'unknown'> {
    return this.deps.rooms.fence(room);
  }

  /** A frame for everybody who is in a room. */
  tell(frame: Uint8Array): void {
    this.player()?.deliver(frame);
  }

  close(why: CloseCode): void {
    const { kind } = this.state;
    if (kind === 'closed') return;
    const farewell = this.deps.drainNotice();
    // Those who were let in have heard of it.
    if (kind === 'loading' && farewell) this.sendBuffer.sendReplay(farewell);
    // First out of the room, so that nothing more is sent; then the socket: its own `closed` may
    // come from within the call.
    this.end();
    this.peer.close(why.code, why.reason);
  }

  /** Nobody has been let in yet who could pay for it. */
  private countControl(): void {
    if (++this.controls > this.deps.limits.controlsBeforeRoomMax) this.close(Close.tooFast);
  }

  private player(): Player | null {
    const { state } = this;
    return state.kind === 'live' || state.kind === 'replaying' ? state.player : null;
  }

  private greet(frame: Uint8Array, cancelDeadline: () => void): void {
    const { world, limits } = this.deps;
    const outcome = readHello(frame, this.room, this.deps, world.clock.now());
    if (!outcome.ok) return this.close(outcome.close);
    cancelDeadline();
    const { dialect } = outcome.greeting;
    if (dialect !== CURRENT_VERSION) {
      this.versionAdapter = dialect;
      this.sendBuffer = new SendBuffer(adaptPeer(dialect, this.peer), limits, world.timers, this);
    }
    const early: Early = { frames: [], bytes: 0 };
    this.state = { kind: 'loading', early };
    this.deps.onHello();
    this.admit(outcome.greeting, early).catch((error: unknown) => {
      this.deps.report(`admission to ${this.room}`, error);
      this.close(Close.busy);
    });
  }

  private keep(early: Early, frame: Uint8Array): void {
    const { framesBeforeRoomMax, bytesBeforeRoomMax } = this.deps.limits;
    early.bytes += frame.length;
    if (early.frames.length >= framesBeforeRoomMax || early.bytes > bytesBeforeRoomMax)
      return this.close(Close.tooFast);
    early.frames.push(frame.slice());
  }

  private async admit(greeting: Greeting, early: Early): Promise<void> {
    const { rooms } = this.deps;
    const admitted = await rooms.admit(this.room, greeting, (room) => {
      // Closed while the room was being loaded.
      if (this.state.kind !== 'loading') return;
      const player = new Player(room, greeting, this);
      this.state = { kind: 'replaying', player };
      player.enter(greeting, this.deps.drainNotice());
      for (const frame of early.frames) this.take(frame);
    });
    if (admitted !== null) this.close(admitted);
  }

  private end(): void {
    const { state } = this;
    if (state.kind === 'closed') return;
    this.state = { kind: 'closed' };
    this.sendBuffer.stop();
    if (state.kind === 'awaiting-hello') state.cancelDeadline();
    if (state.kind === 'replaying' || state.kind === 'live') state.player.leave();
    this.deps.onEnd(this, state.kind !== 'awaiting-hello');
  }
}
