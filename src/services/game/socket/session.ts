/**
 * One socket from open to closed, as a state machine: awaiting-hello → loading → replaying → live → closed.
 * Each state holds only the data that is valid in it; frames, timeouts and the close of the socket are
 * handled by the current state.
 */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { FRAME_BYTES_MAX, HELLO_MS } from '../../../../sdk/protocol/limits.ts';
import type { Peer, PeerHandler } from '../../../ports/frontend/frontend.ts';
import { type VersionAdapter, CURRENT_VERSION, adaptPeer } from './version-adapter.ts';
import { readHello, type ClientHello, type HelloDeps } from './read-hello.ts';
import { SendBuffer, type SendBufferEvents, type SendBufferLimits } from './send-buffer.ts';
import { Player, type PlayerSession, type PlayerDeps } from './player.ts';
import type { Room } from '../room/room.ts';
import type { Ownership, RoomTable } from '../room/room-table.ts';

export interface SessionLimits {
  /** Time allowed for the hello after the socket has opened; then the socket is closed (4003). */
  readonly helloMs: number;
  /** A longer frame closes the socket (4413). */
  readonly frameBytesMax: number;
  /** Frames queued while the room is loading, and their bytes; more close the socket (4002). */
  readonly framesBeforeRoomMax: number;
  readonly bytesBeforeRoomMax: number;
  /** WebSocket pings and pongs received before the socket enters its room; more close the socket (4002). */
  readonly controlFramesBeforeRoomMax: number;
}

export const SESSION_LIMITS: SessionLimits = {
  helloMs: HELLO_MS,
  frameBytesMax: FRAME_BYTES_MAX,
  framesBeforeRoomMax: 64,
  bytesBeforeRoomMax: 64 * 1024,
  controlFramesBeforeRoomMax: 16,
};

type State =
  | { readonly kind: 'awaiting-hello'; readonly cancelDeadline: () => void }
  /** Frames that arrive early are queued as copies: a frame is only valid during its call. */
  | { readonly kind: 'loading'; readonly early: EarlyFrames }
  | { readonly kind: 'replaying'; readonly player: Player }
  | { readonly kind: 'live'; readonly player: Player }
  | { readonly kind: 'closed' };

interface EarlyFrames {
  readonly frames: Uint8Array[];
  bytes: number;
}

/** One object shared by all sessions, so that an idle socket takes little memory. */
export interface SessionDeps extends PlayerDeps, HelloDeps {
  readonly limits: SessionLimits & SendBufferLimits & PlayerDeps['limits'];
  readonly rooms: RoomTable;
  /** The encoded `drain` frame once the process has begun to drain or stop; null before. */
  drainNotice(): Uint8Array | null;
  /** The socket has sent a valid hello. */
  onHello(): void;
  /** The socket has closed. Called once; `helloReceived`: whether `onHello` was called. */
  onEnd(session: Session, helloReceived: boolean): void;
}

export class Session implements PeerHandler, PlayerSession, SendBufferEvents {
  readonly peer: Peer;
  readonly deps: SessionDeps;
  sendBuffer: SendBuffer;
  private readonly room: string;
  /** Null if the page uses the current protocol version. */
  private versionAdapter: VersionAdapter | null = null;
  private state: State;
  /** WebSocket pings and pongs received before there was a player. */
  private controlFrames = 0;

  constructor(peer: Peer, room: string, deps: SessionDeps) {
    const { world, limits } = deps;
    this.peer = peer;
    this.room = room;
    this.deps = deps;
    this.sendBuffer = new SendBuffer(peer, limits, world.timers, this);
    const cancelDeadline = world.timers.after(limits.helloMs, () => this.close(Close.helloLate));
    this.state = { kind: 'awaiting-hello', cancelDeadline };
  }

  onMessage(frame: Uint8Array): void {
    if (frame.length > this.deps.limits.frameBytesMax) return this.close(Close.tooLarge);
    const current = this.versionAdapter === null ? frame : this.versionAdapter.up(frame);
    if (current === null) this.close(Close.malformed);
    else this.receive(current);
  }

  /** Handles a frame of the current version, or a hello of any version. */
  private receive(frame: Uint8Array): void {
    const { state } = this;
    switch (state.kind) {
      case 'live':
      case 'replaying':
        return state.player.receive(frame);
      case 'loading':
        return this.queueEarly(state.early, frame);
      case 'awaiting-hello':
        return this.handleHello(frame, state.cancelDeadline);
      case 'closed':
        return;
      default:
        return state satisfies never;
    }
  }

  onText(): void {
    this.close(Close.malformed);
  }

  onPing(): void {
    const player = this.player();
    if (player) player.onPing();
    else this.countControlFrame();
  }

  onPong(): void {
    const player = this.player();
    if (player) player.onPong();
    else this.countControlFrame();
  }

  onDrain(): void {
    this.player()?.onDrain();
  }

  onClose(): void {
    this.end();
  }

  onOverflow(): void {
    this.close(Close.tooSlow);
  }

  onLive(player: Player): void {
    if (this.state.kind === 'replaying') this.state = { kind: 'live', player };
  }

  onRoomBroken(room: Room, why: string): void {
    this.deps.rooms.markBroken(room, why);
  }

  checkOwnership(room: Room): Promise<Ownership> {
    return this.deps.rooms.checkOwnership(room);
  }

  /** Sends a frame if the socket is in its room. */
  deliver(frame: Uint8Array): void {
    this.player()?.deliver(frame);
  }

  close(why: CloseCode): void {
    const { kind } = this.state;
    if (kind === 'closed') return;
    const drainNotice = this.deps.drainNotice();
    // Sockets in a room got it when the drain began, or with their welcome.
    if (kind === 'loading' && drainNotice) this.sendBuffer.sendReplay(drainNotice);
    // Leave the room first, so that nothing more is sent. `onClose` may run within `peer.close`.
    this.end();
    this.peer.close(why.code, why.reason);
  }

  /** Before the hello there is no seat with a rate limit, so only the number is limited. */
  private countControlFrame(): void {
    if (++this.controlFrames > this.deps.limits.controlFramesBeforeRoomMax) this.close(Close.tooFast);
  }

  private player(): Player | null {
    const { state } = this;
    return state.kind === 'live' || state.kind === 'replaying' ? state.player : null;
  }

  private handleHello(frame: Uint8Array, cancelDeadline: () => void): void {
    const { world, limits } = this.deps;
    const outcome = readHello(frame, this.room, this.deps, world.clock.now());
    if (!outcome.ok) return this.close(outcome.close);
    cancelDeadline();
    const { versionAdapter } = outcome.hello;
    if (versionAdapter !== CURRENT_VERSION) {
      this.versionAdapter = versionAdapter;
      this.sendBuffer = new SendBuffer(adaptPeer(versionAdapter, this.peer), limits, world.timers, this);
    }
    const early: EarlyFrames = { frames: [], bytes: 0 };
    this.state = { kind: 'loading', early };
    this.deps.onHello();
    this.admit(outcome.hello, early).catch((error: unknown) => {
      this.deps.report(`admission to ${this.room}`, error);
      this.close(Close.busy);
    });
  }

  private queueEarly(early: EarlyFrames, frame: Uint8Array): void {
    const { framesBeforeRoomMax, bytesBeforeRoomMax } = this.deps.limits;
    early.bytes += frame.length;
    if (early.frames.length >= framesBeforeRoomMax || early.bytes > bytesBeforeRoomMax)
      return this.close(Close.tooFast);
    early.frames.push(frame.slice());
  }

  private async admit(hello: ClientHello, early: EarlyFrames): Promise<void> {
    const { rooms } = this.deps;
    const denial = await rooms.admit(this.room, hello, (room) => {
      // The socket closed while the room was loading.
      if (this.state.kind !== 'loading') return;
      const player = new Player(room, hello, this);
      this.state = { kind: 'replaying', player };
      player.enter(hello, this.deps.drainNotice());
      for (const frame of early.frames) this.receive(frame);
    });
    if (denial !== null) this.close(denial);
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
