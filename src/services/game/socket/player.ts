/** A socket in its room: it replays first, then it is live. */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { ping } from '../../../../sdk/protocol/ping.ts';
import { SILENT_MS } from '../../../../sdk/protocol/limits.ts';
import { SEND } from '../../../../sdk/protocol/send.ts';
import { signal, SIGNAL_BYTES_MAX } from '../../../../sdk/protocol/signal.ts';
import { live } from '../../../../sdk/protocol/live.ts';
import { Role, welcome } from '../../../../sdk/protocol/welcome.ts';
import { PASS_MS, signPass, type PassKeys } from '../../../domain/pass.ts';
import { isValidPosition } from '../../../domain/room.ts';
import type { World } from '../../../lib/world.ts';
import type { Peer } from '../../../ports/frontend/frontend.ts';
import type { Client } from '../room/client-table.ts';
import { HEARTBEAT_MS } from '../room/heartbeat.ts';
import { pageKeyOf, type ClientHello } from './read-hello.ts';
import { ReadThrottle, type ReadThrottleLimits } from './read-throttle.ts';
import type { SendBuffer } from './send-buffer.ts';
import { Replay, type ReplaySink, type ReplaySource } from '../replay/replay.ts';
import type { Member, Room } from '../room/room.ts';
import type { Ownership } from '../room/room-table.ts';
import type { SeatRateLimit } from './rate-limits.ts';
import { MessageReceiver } from './message-receiver.ts';
import type { SignalsFrame } from '../room/signals.ts';

/**
 * Consecutive heartbeats without activity of the socket until it is closed (4004), and until it is pinged.
 */
const SILENT_BEATS_MAX = SILENT_MS / HEARTBEAT_MS;
const SILENT_BEATS_PING = SILENT_BEATS_MAX - 1;
/** Consecutive heartbeats without progress until a replaying socket is closed (4001). */
const STALLED_BEATS_MAX = 2;

/** Shared by all players. */
export interface PlayerDeps {
  readonly world: World;
  readonly limits: ReadThrottleLimits;
  readonly keys: PassKeys;
  readonly source: ReplaySource;
  /** For the operator's log. */
  report(what: string, error: unknown): void;
}

/** A player's socket. */
export interface PlayerSession {
  readonly deps: PlayerDeps;
  readonly peer: Peer;
  readonly sendBuffer: SendBuffer;
  close(why: CloseCode): void;
  /** The replay has caught up. */
  onLive(player: Player): void;
  /** A part of the room's log is missing: the room must be unloaded and quarantined. */
  onRoomBroken(room: Room, why: string): void;
  /** Whether this process still owns the room; if not, the room has been unloaded. */
  checkOwnership(room: Room): Promise<Ownership>;
}

export class Player implements Member, ReplaySink {
  readonly seat: number;
  readonly observer: boolean;
  readonly device: string;
  readonly generation: number;
  readonly pageKey: string;
  readonly room: Room;
  private readonly clients: readonly (Client | null)[];
  private readonly receiver: MessageReceiver;
  private readonly rateLimit: SeatRateLimit;
  /** Created with the first rate-limited frame: most observers and idle players send none. */
  private lazyReadThrottle: ReadThrottle | null = null;
  private readonly session: PlayerSession;
  private replay: Replay | null = null;
  /** A send that fails closes the socket within the call: code that continues after a send checks this. */
  private hasLeft = false;
  /** Seats whose signals were skipped while the socket was backpressured. */
  private missedSignals: Set<number> | null = null;
  private hasActivity = true;
  private silentBeats = 0;
  private stalledBeats = 0;
  /**
   * Bytes sent since the replay began, and how many of them the kernel had taken by the last heartbeat.
   */
  private replayBytes = 0;
  private replayBytesOut = Number.NEGATIVE_INFINITY;

  constructor(room: Room, hello: ClientHello, session: PlayerSession) {
    const { claims, clients } = hello;
    this.room = room;
    this.session = session;
    this.seat = claims.observer ? 0 : claims.seat;
    this.observer = claims.observer;
    this.device = claims.device;
    this.generation = claims.generation;
    this.pageKey = pageKeyOf(hello);
    this.rateLimit = room.rateLimit.forSocket(this.seat, this.observer, session.deps.world.clock.mono());
    // Observers send nothing: the room does not store their client ids.
    this.clients = clients.map((id) =>
      this.observer ? null : room.sequencer.clients.acquire(id, this.seat),
    );
    this.receiver = new MessageReceiver(
      room.sequencer,
      this.clients,
      this.observer,
      room.limits.bodyBytesMax,
    );
  }

  /** Joins the room, sends welcome, hold and drain notice where they apply, and starts the replay. */
  enter(hello: ClientHello, drainNotice: Uint8Array | null): void {
    this.room.join(this);
    const { epoch, seq } = hello;
    const resumed = isValidPosition(this.room.epochs, this.room.sequencer.durableSeq, { epoch, seq });
    // Set before the first send: while it is set, no send counts against the output limit (`deliver`).
    this.replay = new Replay(this.room, resumed ? seq : 0, this, this.session.deps.source);
    this.cork(() => {
      this.deliver(this.welcome(hello, resumed));
      const held = this.room.holdFrame();
      if (held) this.deliver(held);
      if (drainNotice) this.deliver(drainNotice);
      this.replay?.resume();
    });
  }

  leave(): void {
    this.hasLeft = true;
    this.lazyReadThrottle?.stop();
    this.replay?.stop();
    this.replay = null;
    this.room.leave(this);
    for (const client of this.clients) if (client) this.room.sequencer.clients.release(client);
  }

  /** Handles a frame of this socket; its length was checked. */
  receive(frame: Uint8Array): void {
    this.hasActivity = true;
    if (frame[0] === SEND) this.receiveSend(frame);
    else if (frame[0] === signal.type) this.receiveSignal(frame);
    else if (frame[0] === ping.type) this.receivePing(frame);
    else this.close(Close.malformed);
  }

  onPing(): void {
    this.hasActivity = true;
    if (!this.readThrottle.takeControlFrame()) this.close(Close.tooFast);
  }

  onPong(): void {
    // One pong between two heartbeats is the reply to our ping and is free; more are rate limited.
    if (this.hasActivity && !this.readThrottle.takeControlFrame()) this.close(Close.tooFast);
    this.hasActivity = true;
  }

  onDrain(): void {
    this.session.sendBuffer.onDrain();
    const { missedSignals: missed } = this;
    this.missedSignals = null;
    if (missed) this.deliver(this.room.signals.frameOf(missed).frame);
    this.replay?.resume();
  }

  // Member

  deliver(frame: Uint8Array): void {
    // The output limit is for live sockets; a replaying one reads at its own rate.
    if (this.replay === null) this.session.sendBuffer.send(frame);
    else if (!this.send(frame)) this.session.close(Close.tooSlow);
  }

  deliverSignals({ frame, seats }: SignalsFrame): void {
    if (!this.isBackpressured) return this.deliver(frame);
    this.missedSignals ??= new Set();
    for (const seat of seats) this.missedSignals.add(seat);
  }

  onDurable(): void {
    this.replay?.resume();
  }

  onCapacity(): void {
    for (const frame of this.receiver.takePendingExpects()) this.deliver(frame);
  }

  beat(frame: Uint8Array): void {
    this.silentBeats = this.hasActivity ? 0 : this.silentBeats + 1;
    this.hasActivity = false;
    if (this.silentBeats >= SILENT_BEATS_MAX) return this.close(Close.silent);
    if (this.silentBeats >= SILENT_BEATS_PING) this.session.peer.ping();
    if (this.checkStall()) return this.close(Close.tooSlow);
    // A backpressured socket has frames in its buffer: they also show that the server is alive.
    if (!this.isBackpressured) this.deliver(frame);
  }

  close(why: CloseCode): void {
    this.session.close(why);
  }

  // ReplaySink

  get isBackpressured(): boolean {
    return this.session.sendBuffer.isBackpressured;
  }

  send(frame: Uint8Array): boolean {
    this.replayBytes += frame.length;
    return this.session.sendBuffer.sendReplay(frame);
  }

  cork(run: () => void): void {
    this.session.peer.cork(run);
  }

  onCaughtUp(seq: number): void {
    this.replay = null;
    this.deliver(live.encode({ seq }));
    if (this.hasLeft) return;
    this.session.onLive(this);
    this.room.addLiveMember(this);
  }

  onMissingRecord(seq: number): void {
    this.session.onRoomBroken(this.room, `entry ${seq + 1} is neither in the archive nor in the log`);
  }

  onReadError(error: unknown): void {
    this.session.deps.report(`replay of ${this.room.id}`, error);
    this.close(Close.busy);
  }

  private get readThrottle(): ReadThrottle {
    const { limits, world } = this.session.deps;
    this.lazyReadThrottle ??= new ReadThrottle(this.session.peer, this.rateLimit, limits, world);
    return this.lazyReadThrottle;
  }

  private receiveSend(frame: Uint8Array): void {
    if (!this.readThrottle.takeMessage()) return this.close(Close.tooFast);
    const outcome = this.receiver.receive(frame);
    if (outcome === null) return;
    if (outcome === 'backpressured') this.room.backpressured.add(this);
    else if (typeof outcome === 'number') this.replyOutOfOrder(outcome);
    else if (outcome instanceof Uint8Array) this.deliver(outcome);
    else this.close(outcome);
  }

  /**
   * Sends `expect`, by which the page renumbers its messages. Ownership is checked first: in a room that
   * another process has taken over, the client may have sent more than this process knows. The next client
   * seq is read after the check, since more may have become durable meanwhile.
   */
  private replyOutOfOrder(clientIndex: number): void {
    const closeBusy = () => this.close(Close.busy);
    this.session.checkOwnership(this.room).then((ownership) => {
      if (ownership === 'unknown') closeBusy();
      else if (ownership === 'owned' && !this.hasLeft) this.deliver(this.receiver.encodeExpect(clientIndex));
    }, closeBusy);
  }

  private receiveSignal(frame: Uint8Array): void {
    if (!this.readThrottle.takeControlFrame()) return this.close(Close.tooFast);
    const decoded = signal.decode(frame);
    if (!decoded || decoded.value.length > SIGNAL_BYTES_MAX) return this.close(Close.malformed);
    if (!this.observer) this.room.signal(this.seat, decoded.value);
  }

  private receivePing(frame: Uint8Array): void {
    if (!this.readThrottle.takeControlFrame()) return this.close(Close.tooFast);
    const decoded = ping.decode(frame);
    if (!decoded || decoded.token === 0) return this.close(Close.malformed);
    this.deliver(this.room.heartbeat(decoded.token));
  }

  /**
   * Whether the replay is stalled. A slow link may need several heartbeats for one page: any byte sent is
   * progress.
   */
  private checkStall(): boolean {
    if (!this.replay || !this.isBackpressured) return false;
    const bytesOut = this.replayBytes - this.session.peer.buffered();
    this.stalledBeats = bytesOut > this.replayBytesOut ? 0 : this.stalledBeats + 1;
    this.replayBytesOut = Math.max(bytesOut, this.replayBytesOut);
    return this.stalledBeats >= STALLED_BEATS_MAX;
  }

  private welcome({ version, claims }: ClientHello, resumed: boolean): Uint8Array {
    const { sequencer, epoch, limits } = this.room;
    const { world, keys } = this.session.deps;
    return welcome.encode({
      version,
      resumed: resumed ? 1 : 0,
      epoch,
      seq: sequencer.durableSeq,
      seat: this.seat,
      role: this.observer ? Role.observer : Role.player,
      clients: this.clients.map((client) => ({
        number: client?.durableNumber ?? 0,
        lastSeq: client?.durableSeq ?? 0,
      })),
      pass: signPass({ ...claims, expires: Math.floor(world.clock.now()) + PASS_MS }, keys),
      roomMs: sequencer.roomMs(),
      heartbeatMs: HEARTBEAT_MS,
      rate: limits.messageRate,
      burst: this.rateLimit.availableBurst(world.clock.mono()),
      bodyMax: limits.bodyBytesMax,
    });
  }
}
