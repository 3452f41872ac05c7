/**
 * A player of the load, which behaves like a page: joins with a ticket, resumes with pass and position, resends messages
 * without echo. Some read slowly, some cut their connection every few seconds.
 *
 *   waiting → joining → live → waiting → …  → out
 */
import { inflateRawSync } from 'node:zlib';
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { chunk } from '../../../sdk/protocol/chunk.ts';
import { closeAction } from '../../../sdk/protocol/close-codes.ts';
import { drain } from '../../../sdk/protocol/drain.ts';
import { expect } from '../../../sdk/protocol/expect.ts';
import { heartbeat } from '../../../sdk/protocol/heartbeat.ts';
import { hello } from '../../../sdk/protocol/hello.ts';
import { hold } from '../../../sdk/protocol/hold.ts';
import { live } from '../../../sdk/protocol/live.ts';
import { presence } from '../../../sdk/protocol/presence.ts';
import { readRecord, RECORD_VERSION, RecordKind } from '../../../sdk/protocol/record.ts';
import { refused } from '../../../sdk/protocol/refused.ts';
import { encodeSend } from '../../../sdk/protocol/send.ts';
import { signal } from '../../../sdk/protocol/signal.ts';
import { signals } from '../../../sdk/protocol/signals.ts';
import { PROTOCOL_VERSION } from '../../../sdk/protocol/version.ts';
import { welcome } from '../../../sdk/protocol/welcome.ts';
import { ROOM_BYTES_MAX } from '../../domain/room.ts';
import { type Backoff, backoffMs } from '../../lib/backoff.ts';
import type { Random, World } from '../../lib/world.ts';
import type { RoomChecker } from './checker.ts';
import { type Address, type SocketEnd, LoadSocket } from './load-socket.ts';
import { increment, type Counters } from './counters.ts';

/** Time allowed from a connection attempt until live. */
const ATTEMPT_MS = 30_000;
const BACKOFF: Backoff = { firstMs: 200, maxMs: 3_000 };
/** A slow reader alternates between these two. */
const READING_MS = 100;
const NOT_READING_MS = 900;
const DROP_MS_MIN = 2_000;
const DROP_MS_MAX = 6_000;
const AWAY_MS_MIN = 50;
const AWAY_MS_MAX = 500;
/** After this many failures in a row a player gives up; it never gives up because of 503 alone. */
const FAILURES_MAX = 100;
const SERVICE_UNAVAILABLE = 503;

export interface PlayerOptions {
  readonly address: Address;
  readonly ticket: string;
  readonly checker: RoomChecker;
  readonly room: number;
  /** Index of the player in its room. */
  readonly player: number;
  readonly slow: boolean;
  readonly dropping: boolean;
}

export interface PlayerDeps {
  readonly world: Pick<World, 'clock' | 'timers'>;
  readonly random: Pick<Random, 'next'>;
  readonly counters: Counters;
  /** While true, slow players read slowly and dropping players drop. */
  isDisturbing(): boolean;
  /** The player is live, for the first time or again. */
  onLive(player: LoadPlayer): void;
  /** The player will not reconnect. */
  onGaveUp(player: LoadPlayer, why: string): void;
}

export class LoadPlayer {
  state: 'waiting' | 'joining' | 'live' | 'out' = 'waiting';
  readonly options: PlayerOptions;
  private readonly deps: PlayerDeps;
  private socket: LoadSocket | null = null;
  private credential: string;
  /** The epoch of the entry at the player's position. */
  private epoch = 0;
  /** `welcome` was received on this connection: messages are sent at once. */
  private isWelcomed = false;
  /** The room sent `hold`. */
  private isHeld = false;
  /** A message was refused: the player sends no new ones. */
  private isMuted = false;
  private failures = 0;
  private cancelTimer: () => void = () => {};
  private cancelDisturbance: () => void = () => {};

  constructor(options: PlayerOptions, deps: PlayerDeps) {
    this.options = options;
    this.deps = deps;
    this.credential = options.ticket;
  }

  connect(): void {
    const { world, random } = this.deps;
    this.state = 'joining';
    this.isHeld = false;
    const socket = new LoadSocket(this.options.address, random, {
      onOpen: () => socket.send(this.helloFrame()),
      onFrame: (frame) => this.handleFrame(frame),
      onEnd: (end) => this.handleEnd(end),
    });
    this.socket = socket;
    this.cancelTimer();
    this.cancelTimer = world.timers.after(ATTEMPT_MS, () => {
      this.disconnect();
      this.reconnect('it was not live within 30 s');
    });
  }

  /** Sends a message now, or when it can; returns false if the player may not send, or too many have no echo yet. */
  sendMessage(body: Uint8Array, isLate: boolean): boolean {
    const { checker, player } = this.options;
    const canSend = this.isWelcomed && !this.isHeld;
    if (this.isMuted || this.state === 'out' || !checker.recordSent(player, body, isLate || !canSend))
      return false;
    this.deps.counters.sent++;
    const { base, pending } = this.sender;
    if (canSend) this.send(base + pending.length - 1, body);
    return true;
  }

  moveCursor(value: Uint8Array): void {
    if (this.state !== 'live') return;
    this.deps.counters.cursorsSent++;
    this.socket?.send(signal.encode({ value }));
  }

  /** From now on the player reads at full speed and does not drop its connection. */
  stopDisturbing(): void {
    this.cancelDisturbance();
    this.socket?.resume();
  }

  /** Disconnects and does not reconnect, as a closed page. */
  stop(): void {
    this.state = 'out';
    this.disconnect();
  }

  private get sender() {
    const sender = this.options.checker.senders[this.options.player];
    if (!sender) throw new Error('no such player in the room');
    return sender;
  }

  private helloFrame(): Uint8Array {
    const { checker, player } = this.options;
    const seq = checker.seq(player);
    return hello.encode({
      version: PROTOCOL_VERSION,
      credential: this.credential,
      clients: [{ id: this.sender.id }],
      epoch: this.epoch,
      seq,
    });
  }

  private handleFrame(frame: Uint8Array): void {
    const { counters } = this.deps;
    switch (frame[0]) {
      case RECORD_VERSION:
        return this.handleRecords(frame);
      case chunk.type:
        return this.handleChunk(frame);
      case welcome.type:
        return this.handleWelcome(frame);
      case live.type:
        return this.handleLive();
      case hold.type:
        return this.handleHold(hold.decode(frame)?.on === 1);
      case expect.type:
        counters.expects++;
        return this.sendFrom(expect.decode(frame)?.next ?? 0);
      case refused.type:
        return this.handleRefused(frame);
      case signals.type:
        counters.cursorsSeen++;
        return;
      case heartbeat.type:
      case presence.type:
      case drain.type:
        return;
      default:
        this.reportUnreadable();
    }
  }

  private handleRecords(bytes: Uint8Array): void {
    const { checker, player, slow } = this.options;
    const isLive = this.state === 'live';
    const arrival = { nowMs: this.deps.world.clock.mono(), isLive, isLate: slow };
    const reader = new Reader(bytes);
    while (!reader.atEnd) {
      const from = reader.at;
      const record = readRecord(reader);
      if (record === null) return this.reportUnreadable();
      if (record.kind === RecordKind.epoch) this.epoch = new Reader(record.body).varint();
      checker.receive(player, record, bytes.subarray(from, reader.at), arrival);
    }
  }

  private handleChunk(frame: Uint8Array): void {
    const packed = chunk.decode(frame);
    if (packed === null) return this.reportUnreadable();
    let records: Uint8Array;
    try {
      records = inflateRawSync(packed.deflated, { maxOutputLength: ROOM_BYTES_MAX });
    } catch {
      return this.reportUnreadable();
    }
    this.handleRecords(records);
  }

  private reportUnreadable(): void {
    this.deps.counters.fault('unknown', 'a frame could not be decoded');
  }

  private handleWelcome(frame: Uint8Array): void {
    const message = welcome.decode(frame);
    if (message === null) return this.reportUnreadable();
    const { checker, player } = this.options;
    this.credential = message.pass;
    this.isWelcomed = true;
    if (message.resumed === 0) {
      checker.reset(player);
      this.epoch = 0;
    } else this.deps.counters.resumes++;
    const lastSeq = message.clients[0]?.lastSeq ?? 0;
    if (lastSeq < this.sender.base - 1) {
      this.deps.counters.fault(
        'missing',
        `the server has lost message ${lastSeq + 1}, of which an echo was received`,
      );
    }
    for (const pending of this.sender.pending) pending.isLate = true;
    this.sendFrom(lastSeq + 1);
  }

  private handleLive(): void {
    const { timers } = this.deps.world;
    this.cancelTimer();
    this.state = 'live';
    this.failures = 0;
    this.deps.onLive(this);
    if (!this.deps.isDisturbing()) return;
    if (this.options.slow) this.readSlowly();
    if (!this.options.dropping) return;
    this.cancelDisturbance = timers.after(this.between(DROP_MS_MIN, DROP_MS_MAX), () => this.drop());
  }

  private readSlowly(): void {
    const { timers } = this.deps.world;
    this.cancelDisturbance = timers.after(READING_MS, () => {
      this.socket?.pause();
      this.cancelDisturbance = timers.after(NOT_READING_MS, () => {
        this.socket?.resume();
        this.readSlowly();
      });
    });
  }

  private drop(): void {
    this.deps.counters.drops++;
    this.disconnect();
    this.state = 'waiting';
    this.cancelTimer = this.deps.world.timers.after(this.between(AWAY_MS_MIN, AWAY_MS_MAX), () =>
      this.connect(),
    );
  }

  private handleHold(on: boolean): void {
    if (on) this.deps.counters.holds++;
    this.isHeld = on;
    if (!on) this.sendFrom(this.sender.base);
  }

  private handleRefused(frame: Uint8Array): void {
    const message = refused.decode(frame);
    if (message === null) return this.reportUnreadable();
    const { checker, player } = this.options;
    increment(this.deps.counters.refused, message.reason);
    checker.removeRefused(player, message.clientSeq);
    // A room that refuses a message would refuse the next ones, too. The client seqs of those after it change, so they
    // are resent on a new connection.
    this.isMuted = true;
    this.disconnect();
    this.reconnect('refused');
  }

  /** Resends the messages from this client seq on that have no echo. */
  private sendFrom(clientSeq: number): void {
    const { base, pending } = this.sender;
    for (const [at, message] of pending.entries()) {
      if (base + at < clientSeq || message.isSeen) continue;
      message.isLate = true;
      this.deps.counters.resent++;
      this.send(base + at, message.body);
    }
  }

  private send(clientSeq: number, body: Uint8Array): void {
    this.socket?.send(encodeSend({ client: 0, clientSeq, kind: RecordKind.move, body }));
  }

  private handleEnd(end: SocketEnd): void {
    const { counters } = this.deps;
    this.disconnect();
    if (end.kind === 'failed') return this.reconnect(end.why);
    if (end.kind === 'declined') {
      if (end.status !== SERVICE_UNAVAILABLE) return this.giveUp(`declined with ${end.status}`);
      counters.declined++;
      this.failures = Math.min(this.failures, FAILURES_MAX - 2);
      return this.reconnect('declined with 503');
    }
    increment(counters.closed, end.code);
    const action = closeAction(end.code);
    if (action === 'stop') return this.giveUp(`closed with ${end.code}`);
    if (action === 'rejoin') this.credential = this.options.ticket;
    this.reconnect(`closed with ${end.code}`);
  }

  private disconnect(): void {
    this.cancelTimer();
    this.cancelDisturbance();
    this.isWelcomed = false;
    this.socket?.cut();
    this.socket = null;
  }

  /** Connects again after a backoff with full jitter, or gives up after FAILURES_MAX failures. */
  private reconnect(why: string): void {
    if (++this.failures >= FAILURES_MAX) return this.giveUp(why);
    this.state = 'waiting';
    const delayMs = this.between(0, backoffMs(BACKOFF, this.failures));
    this.cancelTimer = this.deps.world.timers.after(delayMs, () => this.connect());
  }

  private giveUp(why: string): void {
    this.state = 'out';
    this.deps.counters.gaveUp++;
    this.deps.onGaveUp(this, why);
  }

  private between(least: number, most: number): number {
    return least + this.deps.random.next() * (most - least);
  }
}
