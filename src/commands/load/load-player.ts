/**
 * One player of the load, as a page would be: comes in with a ticket, resumes with pass and position, sends again
 * what was not echoed. Some read slowly, some cut their connection every few seconds.
 *
 *   waiting → joining → live → waiting → …  → out
 */
import { inflateRawSync } from 'node:zlib';
import { Reader } from '../../../sdk/protocol/bytes.ts';
import { chunk } from '../../../sdk/protocol/chunk.ts';
import { closeVerdict } from '../../../sdk/protocol/close-codes.ts';
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
import type { Random, World } from '../../lib/world.ts';
import type { RoomChecker } from './checker.ts';
import { type Address, type Ending, LoadSocket } from './load-socket.ts';
import { add, type Tally } from './tally.ts';

/** From the start of an attempt until everything was replayed. */
const ATTEMPT_MS = 30_000;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 3_000;
/** A slow reader reads for a moment, then not for a while. */
const READING_MS = 100;
const NOT_READING_MS = 900;
const DROP_MS_MIN = 2_000;
const DROP_MS_MAX = 6_000;
const AWAY_MS_MIN = 50;
const AWAY_MS_MAX = 500;
/** A moment in which the server cannot be reached is over after so many tries, or it is not a moment. */
const FAILURES_MAX = 100;
const SERVICE_UNAVAILABLE = 503;

export interface PlayerPlan {
  readonly address: Address;
  readonly ticket: string;
  readonly checker: RoomChecker;
  readonly room: number;
  /** Which of the room's players. */
  readonly player: number;
  readonly slow: boolean;
  readonly dropping: boolean;
}

export interface PlayerDeps {
  readonly world: Pick<World, 'clock' | 'timers'>;
  readonly random: Pick<Random, 'next'>;
  readonly tally: Tally;
  /** While it is true, slow ones are slow and dropping ones drop. */
  troubled(): boolean;
  /** It came in, for the first time or again. */
  arrived(player: LoadPlayer): void;
  /** It cannot come in any more. */
  gaveUp(player: LoadPlayer, why: string): void;
}

export class LoadPlayer {
  at: 'waiting' | 'joining' | 'live' | 'out' = 'waiting';
  readonly plan: PlayerPlan;
  private readonly outside: PlayerDeps;
  private socket: LoadSocket | null = null;
  private credential: string;
  /** The epoch in which the entry at its position was written. */
  private epoch = 0;
  /** Welcomed on this connection: what is said goes out at once. */
  private speaking = false;
  private held = false;
  private muted = false;
  private failures = 0;
  private cancelTimer: () => void = () => {};
  private cancelTrouble: () => void = () => {};

  constructor(plan: PlayerPlan, outside: PlayerDeps) {
    this.plan = plan;
    this.outside = outside;
    this.credential = plan.ticket;
  }

  connect(): void {
    const { world, random } = this.outside;
    this.at = 'joining';
    this.held = false;
    const socket = new LoadSocket(this.plan.address, random, {
      opened: () => socket.send(this.greeting()),
      frame: (frame) => this.frame(frame),
      ended: (how) => this.ended(how),
    });
    this.socket = socket;
    this.cancelTimer();
    this.cancelTimer = world.timers.after(ATTEMPT_MS, () => {
      this.leave();
      this.comeBack('it was not let in within 30 s');
    });
  }

  /** Says something to the room, now or when it is back; false = too much of it is without echo. */
  say(body: Uint8Array, late: boolean): boolean {
    const { checker, player } = this.plan;
    const here = this.speaking && !this.held;
    if (this.muted || this.at === 'out' || !checker.sending(player, body, late || !here)) return false;
    this.outside.tally.sent++;
    const { base, unseen } = this.own;
    if (here) this.send(base + unseen.length - 1, body);
    return true;
  }

  moveCursor(value: Uint8Array): void {
    if (this.at !== 'live') return;
    this.outside.tally.cursorsSent++;
    this.socket?.send(signal.encode({ value }));
  }

  /** Reads again, and stays. */
  calmDown(): void {
    this.cancelTrouble();
    this.socket?.resume();
  }

  /** For good, as if its page was closed. */
  stop(): void {
    this.at = 'out';
    this.leave();
  }

  private get own() {
    const sender = this.plan.checker.senders[this.plan.player];
    if (!sender) throw new Error('a player without a place');
    return sender;
  }

  private greeting(): Uint8Array {
    const { checker, player } = this.plan;
    const seq = checker.seq(player);
    return hello.encode({
      version: PROTOCOL_VERSION,
      credential: this.credential,
      clients: [{ id: this.own.id }],
      epoch: this.epoch,
      seq,
    });
  }

  private frame(frame: Uint8Array): void {
    const { tally } = this.outside;
    switch (frame[0]) {
      case RECORD_VERSION:
        return this.records(frame);
      case chunk.type:
        return this.unpack(frame);
      case welcome.type:
        return this.welcomed(frame);
      case live.type:
        return this.wentLive();
      case hold.type:
        return this.hold(hold.decode(frame)?.on === 1);
      case expect.type:
        tally.expects++;
        return this.sendFrom(expect.decode(frame)?.next ?? 0);
      case refused.type:
        return this.wasRefused(frame);
      case signals.type:
        tally.cursorsSeen++;
        return;
      case heartbeat.type:
      case presence.type:
      case drain.type:
        return;
      default:
        this.unreadable();
    }
  }

  private records(bytes: Uint8Array): void {
    const { checker, player, slow } = this.plan;
    const isLive = this.at === 'live';
    const arrival = { nowMs: this.outside.world.clock.mono(), live: isLive, late: slow };
    const reader = new Reader(bytes);
    while (!reader.atEnd) {
      const from = reader.at;
      const record = readRecord(reader);
      if (record === null) return this.unreadable();
      if (record.kind === RecordKind.epoch) this.epoch = new Reader(record.body).varint();
      checker.took(player, record, bytes.subarray(from, reader.at), arrival);
    }
  }

  private unpack(frame: Uint8Array): void {
    const packed = chunk.decode(frame);
    if (packed === null) return this.unreadable();
    let records: Uint8Array;
    try {
      records = inflateRawSync(packed.deflated, { maxOutputLength: ROOM_BYTES_MAX });
    } catch {
      return this.unreadable();
    }
    this.records(records);
  }

  private unreadable(): void {
    this.outside.tally.fault('unknown', 'a frame came that nobody can read');
  }

  private welcomed(frame: Uint8Array): void {
    const said = welcome.decode(frame);
    if (said === null) return this.unreadable();
    const { checker, player } = this.plan;
    this.credential = said.pass;
    this.speaking = true;
    if (said.resumed === 0) {
      checker.reset(player);
      this.epoch = 0;
    } else this.outside.tally.resumes++;
    const lastSeq = said.clients[0]?.lastSeq ?? 0;
    if (lastSeq < this.own.base - 1) {
      this.outside.tally.fault('missing', `a message that was shown is not known any more (${lastSeq + 1})`);
    }
    for (const message of this.own.unseen) message.late = true;
    this.sendFrom(lastSeq + 1);
  }

  private wentLive(): void {
    const { timers } = this.outside.world;
    this.cancelTimer();
    this.at = 'live';
    this.failures = 0;
    this.outside.arrived(this);
    if (!this.outside.troubled()) return;
    if (this.plan.slow) this.readSlowly();
    if (!this.plan.dropping) return;
    this.cancelTrouble = timers.after(this.between(DROP_MS_MIN, DROP_MS_MAX), () => this.drop());
  }

  private readSlowly(): void {
    const { timers } = this.outside.world;
    this.cancelTrouble = timers.after(READING_MS, () => {
      this.socket?.pause();
      this.cancelTrouble = timers.after(NOT_READING_MS, () => {
        this.socket?.resume();
        this.readSlowly();
      });
    });
  }

  private drop(): void {
    this.outside.tally.drops++;
    this.leave();
    this.at = 'waiting';
    this.cancelTimer = this.outside.world.timers.after(this.between(AWAY_MS_MIN, AWAY_MS_MAX), () =>
      this.connect(),
    );
  }

  private hold(on: boolean): void {
    if (on) this.outside.tally.holds++;
    this.held = on;
    if (!on) this.sendFrom(this.own.base);
  }

  private wasRefused(frame: Uint8Array): void {
    const said = refused.decode(frame);
    if (said === null) return this.unreadable();
    const { checker, player } = this.plan;
    add(this.outside.tally.refused, said.reason);
    checker.refused(player, said.clientSeq);
    // A room that refuses goes on refusing; and behind a refusal numbers move up, over a new connection.
    this.muted = true;
    this.leave();
    this.comeBack('refused');
  }

  /** Everything of its own from this client seq on that the room has not shown. */
  private sendFrom(clientSeq: number): void {
    const { base, unseen } = this.own;
    for (const [at, message] of unseen.entries()) {
      if (base + at < clientSeq || message.seen) continue;
      message.late = true;
      this.outside.tally.resent++;
      this.send(base + at, message.body);
    }
  }

  private send(clientSeq: number, body: Uint8Array): void {
    this.socket?.send(encodeSend({ client: 0, clientSeq, kind: RecordKind.move, body }));
  }

  private ended(how: Ending): void {
    const { tally } = this.outside;
    this.leave();
    if (how.kind === 'failed') return this.comeBack(how.why);
    if (how.kind === 'declined') {
      if (how.status !== SERVICE_UNAVAILABLE) return this.giveUp(`declined with ${how.status}`);
      tally.declined++;
      this.failures = Math.min(this.failures, FAILURES_MAX - 2);
      return this.comeBack('declined with 503');
    }
    add(tally.closed, how.code);
    const verdict = closeVerdict(how.code);
    if (verdict === 'stop') return this.giveUp(`closed with ${how.code}`);
    if (verdict === 'rejoin') this.credential = this.plan.ticket;
    this.comeBack(`closed with ${how.code}`);
  }

  private leave(): void {
    this.cancelTimer();
    this.cancelTrouble();
    this.speaking = false;
    this.socket?.cut();
    this.socket = null;
  }

  /** After a backoff with full jitter. */
  private comeBack(why: string): void {
    if (++this.failures >= FAILURES_MAX) return this.giveUp(why);
    this.at = 'waiting';
    const limit = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(this.failures, 10));
    this.cancelTimer = this.outside.world.timers.after(this.between(0, limit), () => this.connect());
  }

  private giveUp(why: string): void {
    this.at = 'out';
    this.outside.tally.out++;
    this.outside.gaveUp(this, why);
  }

  private between(least: number, most: number): number {
    return least + this.outside.random.next() * (most - least);
  }
}
