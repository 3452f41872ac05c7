/** A socket that was let into its room: replaying first, then live. */
import { Close, type CloseCode } from '../../../../sdk/protocol/close-codes.ts';
import { ping } from '../../../../sdk/protocol/ping.ts';
import { SILENT_MS } from '../../../../sdk/protocol/limits.ts';
import { SEND } from '../../../../sdk/protocol/send.ts';
import { signal, SIGNAL_BYTES_MAX } from '../../../../sdk/protocol/signal.ts';
import { live } from '../../../../sdk/protocol/live.ts';
import { Role, welcome } from '../../../../sdk/protocol/welcome.ts';
import { PASS_MS, signPass, type PassKeys } from '../../../domain/pass.ts';
import { positionHolds } from '../../../domain/room.ts';
import type { World } from '../../../lib/world.ts';
import type { Peer } from '../../../ports/frontend/frontend.ts';
import type { Client } from '../room/client-table.ts';
import { HEARTBEAT_MS } from '../room/heartbeat.ts';
import { pageKeyOf, type Greeting } from './read-hello.ts';
import { ReadThrottle } from './read-throttle.ts';
import type { GameLimits } from '../limits.ts';
import type { SendBuffer } from './send-buffer.ts';
import { Replay, type ReplaySink, type ReplaySource } from '../replay/replay.ts';
import type { Member, Room } from '../room/room.ts';
import type { SeatRateLimit } from './rate-limits.ts';
import { MessageReceiver } from './message-receiver.ts';
import type { SignalsTold } from '../room/signals.ts';

/** Beats in a row without a sign of life until the socket is pinged, and until it is closed. */
const SILENT_BEATS_MAX = SILENT_MS / HEARTBEAT_MS;
const SILENT_BEATS_PING = SILENT_BEATS_MAX - 1;
/** Beats in a row without progress until a replay is given up. */
const STALLED_BEATS_MAX = 2;

/** The same for all players. */
export interface PlayerDeps {
  readonly world: World;
  readonly limits: GameLimits;
  readonly keys: PassKeys;
  readonly source: ReplaySource;
  /** For the operator's log. */
  report(what: string, error: unknown): void;
}

/** The socket that a player came by. */
export interface PlayerSession {
  readonly deps: PlayerDeps;
  readonly peer: Peer;
  readonly sendBuffer: SendBuffer;
  /** Ends the socket. */
  close(why: CloseCode): void;
  /** Replay is over. */
  wentLive(player: Player): void;
  /** The room itself cannot go on: part of its log is nowhere. */
  broken(room: Room, why: string): void;
  /** Whether the room is still this process's; if not, it has left memory. */
  fence(room: Room): Promise<'ours' | 'overtaken' | 'unknown'>;
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
  /** Made with the first frame that counts: most watchers and idle players send none. */
  private lazyReadThrottle: ReadThrottle | null = null;
  private readonly session: PlayerSession;
  private replay: Replay | null = null;
  /** A frame that cannot be sent ends the socket from within: what was under way looks here. */
  private left = false;
  /** Whose signals were left out while the socket was behind. */
  private missedSignals: Set<number> | null = null;
  private hasActivity = true;
  private silentBeats = 0;
  private stalledBeats = 0;
  /** Bytes sent during the replay, by it or beside it, and how many of them had gone out at the last beat. */
  private replayBytes = 0;
  private replayTaken = Number.NEGATIVE_INFINITY;

  constructor(room: Room, greeting: Greeting, host: PlayerSession) {
    const { claims, clients } = greeting;
    this.room = room;
    this.session = host;
    this.seat = claims.observer ? 0 : claims.seat;
    this.observer = claims.observer;
    this.device = claims.device;
    this.generation = claims.generation;
    this.pageKey = pageKeyOf(greeting);
    this.rateLimit = room.rateLimit.forSocket(this.seat, this.observer, host.deps.world.clock.mono());
    // Observers send nothing: their ids take no place in the room.
    this.clients = clients.map((id) => (this.observer ? null : room.sequencer.clients.hold(id, this.seat)));
    this.receiver = new MessageReceiver(
      room.sequencer,
      this.clients,
      this.observer,
      room.limits.bodyBytesMax,
    );
  }

  /** Joins the room, says welcome, and `farewell` if the process is leaving, and starts the replay. */
  enter(greeting: Greeting, farewell: Uint8Array | null): void {
    this.room.join(this);
    const { epoch, seq } = greeting;
    const resumed = positionHolds(this.room.epochs, this.room.sequencer.durableSeq, { epoch, seq });
    // From the start, so that what is sent beside the replay is not counted against the cap either.
    this.replay = new Replay(this.room, resumed ? seq : 0, this, this.session.deps.source);
    this.together(() => {
      this.deliver(this.welcome(greeting, resumed));
      const held = this.room.holdFrame();
      if (held) this.deliver(held);
      if (farewell) this.deliver(farewell);
      this.replay?.go();
    });
  }

  leave(): void {
    this.left = true;
    this.lazyReadThrottle?.stop();
    this.replay?.stop();
    this.replay = null;
    this.room.leave(this);
    for (const client of this.clients) if (client) this.room.sequencer.clients.release(client);
  }

  /** A frame of this socket, no longer than allowed. */
  receive(frame: Uint8Array): void {
    this.hasActivity = true;
    if (frame[0] === SEND) this.receiveSend(frame);
    else if (frame[0] === signal.type) this.receiveSignal(frame);
    else if (frame[0] === ping.type) this.receivePing(frame);
    else this.close(Close.malformed);
  }

  pinged(): void {
    this.hasActivity = true;
    if (!this.readThrottle.small()) this.close(Close.tooFast);
  }

  alive(): void {
    // One in a beat is what was asked for; whoever says so more often pays for it.
    if (this.hasActivity && !this.readThrottle.small()) this.close(Close.tooFast);
    this.hasActivity = true;
  }

  drained(): void {
    this.session.sendBuffer.drained();
    const { missedSignals: missed } = this;
    this.missedSignals = null;
    if (missed) this.deliver(this.room.signals.of(missed).frame);
    this.replay?.go();
  }

  // What the room asks of a member.

  deliver(frame: Uint8Array): void {
    // The cap is for those who cannot keep up with the present; replay goes at the reader's pace.
    if (this.replay === null) this.session.sendBuffer.send(frame);
    else if (!this.send(frame)) this.session.close(Close.tooSlow);
  }

  deliverSignals({ frame, seats }: SignalsTold): void {
    if (!this.congested) return this.deliver(frame);
    this.missedSignals ??= new Set();
    for (const seat of seats) this.missedSignals.add(seat);
  }

  onDurable(): void {
    this.replay?.go();
  }

  onCapacity(): void {
    for (const frame of this.receiver.settleDebts()) this.deliver(frame);
  }

  beat(frame: Uint8Array): void {
    this.silentBeats = this.hasActivity ? 0 : this.silentBeats + 1;
    this.hasActivity = false;
    if (this.silentBeats >= SILENT_BEATS_MAX) return this.close(Close.silent);
    if (this.silentBeats >= SILENT_BEATS_PING) this.session.peer.ping();
    if (this.stalls()) return this.close(Close.tooSlow);
    // A socket that is behind has frames under way already.
    if (!this.congested) this.deliver(frame);
  }

  close(why: CloseCode): void {
    this.session.close(why);
  }

  // What the replay asks of its sink.

  get congested(): boolean {
    return this.session.sendBuffer.isBackpressured;
  }

  send(frame: Uint8Array): boolean {
    this.replayBytes += frame.length;
    return this.session.sendBuffer.sendReplay(frame);
  }

  together(run: () => void): void {
    this.session.peer.together(run);
  }

  caughtUp(seq: number): void {
    this.replay = null;
    this.deliver(live.encode({ seq }));
    if (this.left) return;
    this.session.wentLive(this);
    this.room.goLive(this);
  }

  gap(seq: number): void {
    this.session.broken(this.room, `entry ${seq + 1} is neither in the archive nor in the log`);
  }

  unreadable(error: unknown): void {
    this.session.deps.report(`replay of ${this.room.id}`, error);
    this.close(Close.busy);
  }

  private get readThrottle(): ReadThrottle {
    const { limits, world } = this.session.deps;
    this.lazyReadThrottle ??= new ReadThrottle(this.session.peer, this.rateLimit, limits, world);
    return this.lazyReadThrottle;
  }

  private receiveSend(frame: Uint8Array): void {
    if (!this.readThrottle.message()) return this.close(Close.tooFast);
    const answer = this.receiver.take(frame);
    if (answer === null) return;
    if (answer === 'wait') this.room.backpressured.add(this);
    else if (typeof answer === 'number') this.answerOutOfOrder(answer);
    else if (answer instanceof Uint8Array) this.deliver(answer);
    else this.close(answer);
  }

  /**
   * The page numbers its messages anew by this answer, for good. So a room that another process has taken
   * over, where the client may have come further, must not give it; and what became durable while the
   * log was asked counts.
   */
  private answerOutOfOrder(place: number): void {
    const busy = () => this.close(Close.busy);
    this.session.fence(this.room).then((fence) => {
      if (fence === 'unknown') busy();
      else if (fence === 'ours' && !this.left) this.deliver(this.receiver.expect(place));
    }, busy);
  }

  private receiveSignal(frame: Uint8Array): void {
    if (!this.readThrottle.small()) return this.close(Close.tooFast);
    const said = signal.decode(frame);
    if (!said || said.value.length > SIGNAL_BYTES_MAX) return this.close(Close.malformed);
    if (!this.observer) this.room.signal(this.seat, said.value);
  }

  private receivePing(frame: Uint8Array): void {
    if (!this.readThrottle.small()) return this.close(Close.tooFast);
    const said = ping.decode(frame);
    if (!said || said.token === 0) return this.close(Close.malformed);
    this.deliver(this.room.heartbeat(said.token));
  }

  /** A slow link may need several beats for one page of replay: what counts is that something goes out. */
  private stalls(): boolean {
    if (!this.replay || !this.congested) return false;
    const taken = this.replayBytes - this.session.peer.buffered();
    this.stalledBeats = taken > this.replayTaken ? 0 : this.stalledBeats + 1;
    this.replayTaken = Math.max(taken, this.replayTaken);
    return this.stalledBeats >= STALLED_BEATS_MAX;
  }

  private welcome({ version, claims }: Greeting, resumed: boolean): Uint8Array {
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
      burst: this.rateLimit.burst(world.clock.mono()),
      bodyMax: limits.bodyBytesMax,
    });
  }
}
