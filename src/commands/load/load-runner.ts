/**
 * Runs all players of a load in this process: connects them over the ramp, sends messages on schedule, ends when
 * everything has arrived. A tick sends at most SENDS_PER_TICK messages and opens at most CONNECTS_PER_TICK connections,
 * so that received frames are read in time. Lateness against the schedule is counted as the lag of the generator.
 *
 *   connecting → playing → settling → over
 */
import { randomFor } from '../../../sdk/src/random.ts';
import type { World } from '../../lib/world.ts';
import { RoomChecker } from './checker.ts';
import { makeBody, makeNoise } from './message.ts';
import type { LoadPlan } from './options.ts';
import { LoadPlayer, type PlayerDeps } from './load-player.ts';
import type { Address } from './load-socket.ts';
import type { Counters } from './counters.ts';

const TICK_MS = 1;
const SENDS_PER_TICK = 256;
const CURSORS_PER_TICK = 256;
const CONNECTS_PER_TICK = 32;
const CURSORS_PER_SECOND = 10;
/** Spread `bursty`: the messages of a second are sent in this part of it. */
const BURST = 0.1;
/** The load fails if not all players are connected this long after the ramp. */
const JOIN_MS_MAX = 120_000;
/** Time allowed after the last message until everything has arrived. */
export const SETTLE_MS_MAX = 30_000;
const CURSOR_BYTES = 4;
const ID_BYTES = 16;

/** Separate random streams, so that a draw for one purpose does not change the others. */
const Stream = { roles: 1, cursors: 2, ids: 3, messages: 4, network: 5 } as const;

export interface SeatAccess {
  readonly address: Address;
  readonly ticket: string;
}

export type LoadEnd =
  | {
      readonly ok: true;
      /** Time from when all players were connected (or from the start, if they never were) until sending ended. */
      readonly playedMs: number;
      /** Messages sent in that time. */
      readonly playedMessages: number;
      /** Everything arrived within SETTLE_MS_MAX. */
      readonly settled: boolean;
    }
  /** The load could not start, or was aborted. */
  | { readonly ok: false; readonly why: string };

export class LoadRunner {
  readonly players: readonly LoadPlayer[];
  phase: 'connecting' | 'playing' | 'settling' | 'over' = 'connecting';
  private readonly plan: LoadPlan;
  private readonly world: Pick<World, 'clock' | 'timers'>;
  private readonly counters: Counters;
  private readonly checkers: readonly RoomChecker[];
  private readonly noise: Uint8Array;
  private readonly messageRandom: () => number;
  private readonly cursorPlayers: readonly LoadPlayer[];
  /** By room: how many of its players have never been live. */
  private readonly missing: number[];
  private readonly joined = new Set<LoadPlayer>();
  private readonly done = Promise.withResolvers<LoadEnd>();
  private beganMs = 0;
  private completeMs = 0;
  /** When message 0 was due. */
  private scheduleMs = 0;
  private sentBefore = 0;
  private endMs = Number.POSITIVE_INFINITY;
  private stoppedMs = 0;
  private playedMessages = 0;
  private connected = 0;
  /** Number of the next message in the schedule, counted over all rooms. */
  private messageIndex = 0;
  private cursorIndex = 0;
  private lastFailure = '';

  constructor(
    plan: LoadPlan,
    seats: readonly (readonly SeatAccess[])[],
    counters: Counters,
    world: Pick<World, 'clock' | 'timers'>,
  ) {
    this.plan = plan;
    this.world = world;
    this.counters = counters;
    this.noise = makeNoise(plan.seed);
    this.messageRandom = randomFor(plan.seed, Stream.messages);
    this.missing = seats.map(({ length }) => length);
    const ids = randomFor(plan.seed, Stream.ids);
    this.checkers = seats.map(
      (room, at) =>
        new RoomChecker(
          counters,
          `room ${at + 1}`,
          room.map(() => idFrom(ids)),
        ),
    );
    this.players = this.makePlayers(seats);
    const cursors = chosen(this.players.length, plan.cursors, randomFor(plan.seed, Stream.cursors));
    this.cursorPlayers = this.players.filter((_, at) => cursors.has(at));
  }

  /** How many players are live now. */
  get liveCount(): number {
    return this.players.filter(({ state }) => state === 'live').length;
  }

  /** Resolves when everything was sent and has arrived, or the load has failed. */
  run(): Promise<LoadEnd> {
    this.beganMs = this.now();
    this.scheduleMs = this.beganMs;
    this.tick();
    return this.done.promise;
  }

  /** Stops sending and waits until the messages in flight have arrived. */
  stopEarly(): void {
    if (this.phase === 'connecting' || this.phase === 'playing') this.settle();
  }

  /** Ends at once. */
  abort(): void {
    this.finish({ ok: false, why: 'it was aborted' });
  }

  private makePlayers(seats: readonly (readonly SeatAccess[])[]): readonly LoadPlayer[] {
    const { plan } = this;
    const all = seats.flatMap((room, at) => room.map((seat, player) => ({ seat, at, player })));
    const roles = shuffled(all.length, randomFor(plan.seed, Stream.roles));
    const slow = Math.round(all.length * plan.slow);
    const dropping = Math.round(all.length * plan.dropping);
    const network = randomFor(plan.seed, Stream.network);
    const deps: PlayerDeps = {
      world: this.world,
      random: { next: network },
      counters: this.counters,
      isDisturbing: () => this.phase === 'connecting' || this.phase === 'playing',
      onLive: (player) => this.playerLive(player),
      onGaveUp: (player, why) => this.playerGaveUp(player, why),
    };
    return all.map(({ seat, at, player }, index) => {
      const checker = this.checkers[at];
      if (!checker) throw new Error('a seat without a room');
      const role = roles[index] ?? 0;
      const isSlow = role < slow;
      const isDropping = !isSlow && role < slow + dropping;
      return new LoadPlayer({ ...seat, checker, room: at, player, slow: isSlow, dropping: isDropping }, deps);
    });
  }

  private now(): number {
    return this.world.clock.mono();
  }

  private tick(): void {
    if (this.phase === 'over') return;
    const now = this.now();
    let behind = false;
    if (this.phase === 'connecting') behind = this.connectDue(now);
    if (this.phase === 'connecting' || this.phase === 'playing') {
      const sending = this.sendDue(now);
      behind = this.moveCursors(now) || sending || behind;
      if (now >= this.endMs) this.settle();
    }
    if (this.phase === 'settling') this.checkSettled(now);
    this.world.timers.after(behind ? 0 : this.phase === 'settling' ? 20 * TICK_MS : TICK_MS, () =>
      this.tick(),
    );
  }

  /** Connects the players that are due. Returns true if more are due than one tick may connect. */
  private connectDue(now: number): boolean {
    const { length } = this.players;
    const { rampMs } = this.plan;
    const since = now - this.beganMs;
    const due = rampMs === 0 ? length : Math.min(length, Math.ceil((since / rampMs) * length));
    const until = Math.min(due, this.connected + CONNECTS_PER_TICK);
    while (this.connected < until) this.players[this.connected++]?.connect();
    if (since > rampMs + JOIN_MS_MAX) {
      const why = `only ${this.joined.size} of ${length} connected within ${Math.round(since / 1_000)} s`;
      this.finish({ ok: false, why: this.lastFailure ? `${why}; the last one: ${this.lastFailure}` : why });
    }
    return until < due;
  }

  /**
   * Sends the messages that are due. Message n is due after n / (rate × rooms) seconds and belongs to room n mod rooms.
   * Returns true if more are due than one tick may send.
   */
  private sendDue(now: number): boolean {
    const { rooms, players, rate } = this.plan;
    const until = Math.min(now, this.endMs);
    for (let sent = 0; sent < SENDS_PER_TICK; this.messageIndex++) {
      const dueMs = this.scheduleMs + this.dueAfterMs(this.messageIndex / (rate * rooms));
      if (dueMs > until) return false;
      const room = this.messageIndex % rooms;
      if (this.missing[room] !== 0) continue;
      sent++;
      const { bytesMin, bytesMax } = this.plan;
      const bytes = bytesMin + Math.floor(this.messageRandom() * (bytesMax - bytesMin + 1));
      const player = this.players[room * players + Math.floor(this.messageRandom() * players)];
      const sentAt = this.now();
      this.counters.lag.add(sentAt - dueMs);
      const body = makeBody(this.noise, bytes, this.messageRandom(), sentAt, this.counters.sent);
      if (!player?.sendMessage(body, this.phase === 'connecting')) this.counters.notSent++;
    }
    return true;
  }

  private dueAfterMs(seconds: number): number {
    if (this.plan.spread === 'even') return seconds * 1_000;
    const whole = Math.floor(seconds);
    return (whole + (seconds - whole) * BURST) * 1_000;
  }

  private moveCursors(now: number): boolean {
    const { cursorPlayers: moving } = this;
    if (moving.length === 0) return false;
    const perMs = (moving.length * CURSORS_PER_SECOND) / 1_000;
    const due = Math.floor((now - this.scheduleMs) * perMs);
    const until = Math.min(due, this.cursorIndex + CURSORS_PER_TICK);
    const value = new Uint8Array(CURSOR_BYTES);
    for (; this.cursorIndex < until; this.cursorIndex++) {
      new DataView(value.buffer).setUint32(0, this.cursorIndex);
      moving[this.cursorIndex % moving.length]?.moveCursor(value);
    }
    return until < due;
  }

  private playerLive(player: LoadPlayer): void {
    if (this.joined.has(player)) return;
    this.joined.add(player);
    const { room } = player.options;
    this.missing[room] = (this.missing[room] ?? 0) - 1;
    if (this.joined.size < this.players.length || this.phase !== 'connecting') return;
    this.phase = 'playing';
    this.completeMs = this.now();
    // Messages that became due while players connected are dropped: sending them now would exceed the rate.
    this.scheduleMs = this.completeMs;
    this.messageIndex = 0;
    this.cursorIndex = 0;
    this.counters.lag.clear();
    this.sentBefore = this.counters.sent;
    this.endMs = this.completeMs + this.plan.playMs;
  }

  private playerGaveUp(player: LoadPlayer, why: string): void {
    this.lastFailure = why;
    // Without this player, which was never live, the load cannot be played as planned.
    if (!this.joined.has(player)) this.finish({ ok: false, why: `a player could not connect: ${why}` });
  }

  private settle(): void {
    this.phase = 'settling';
    this.stoppedMs = this.now();
    this.playedMessages = this.counters.sent - this.sentBefore;
    for (const player of this.players) {
      if (this.joined.has(player)) {
        player.stopDisturbing();
        continue;
      }
      // The load was stopped before this player was live: it does not connect, and nothing is expected of it.
      player.stop();
      player.options.checker.exclude(player.options.player);
    }
  }

  private checkSettled(now: number): void {
    const isBack = this.players.every(({ state }) => state === 'live' || state === 'out');
    const settled = isBack && this.checkers.every((checker) => checker.isSettled);
    if (!settled && now - this.stoppedMs < SETTLE_MS_MAX) return;
    const playedMs = this.stoppedMs - (this.completeMs || this.beganMs);
    for (const checker of this.checkers) checker.finish();
    this.finish({ ok: true, playedMs, playedMessages: this.playedMessages, settled });
  }

  private finish(end: LoadEnd): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    for (const player of this.players) player.stop();
    this.done.resolve(end);
  }
}

function idFrom(random: () => number): Uint8Array {
  return Uint8Array.from({ length: ID_BYTES }, () => Math.floor(random() * 256));
}

/** The numbers 0 … length - 1 in random order (Fisher–Yates). */
function shuffled(length: number, random: () => number): readonly number[] {
  const order = Array.from({ length }, (_, at) => at);
  for (let at = length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}

/** A random `share` (0 … 1) of the numbers 0 … length - 1. */
function chosen(length: number, share: number, random: () => number): ReadonlySet<number> {
  const order = shuffled(length, random);
  return new Set(order.slice(0, Math.round(length * share)));
}
