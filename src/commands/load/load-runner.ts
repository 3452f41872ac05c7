/**
 * All players of a load, in one process: lets them in over the ramp, has them speak on time, ends when everything
 * has arrived. A turn of its loop sends at most SENDS_PER_TURN messages and opens at most CONNECTS_PER_TURN
 * connections, so that what comes in is read in time; what it could not do in time it counts as its own lag.
 */
import { randomFor } from '../../../sdk/src/random.ts';
import type { World } from '../../lib/world.ts';
import { RoomChecker } from './checker.ts';
import { makeBody, makeNoise } from './message.ts';
import type { LoadPlan } from './options.ts';
import { LoadPlayer, type PlayerDeps } from './load-player.ts';
import type { Address } from './load-socket.ts';
import type { Tally } from './tally.ts';

const TURN_MS = 1;
const SENDS_PER_TURN = 256;
const CURSORS_PER_TURN = 256;
const CONNECTS_PER_TURN = 32;
const CURSORS_PER_SECOND = 10;
/** Bursty: the messages of a second come in this part of it. */
const BURST = 0.1;
/** Who is not in by so long after the ramp is not coming. */
const JOIN_MS_MAX = 120_000;
/** What is on its way at the end is waited for; a server that has to catch up gets the time. */
export const SETTLE_MS_MAX = 30_000;
const CURSOR_BYTES = 4;
const ID_BYTES = 16;

/** Streams of chance, so that the choices of one do not move those of another. */
const Stream = { roles: 1, cursors: 2, ids: 3, messages: 4, network: 5 } as const;

export interface Seat {
  readonly address: Address;
  readonly ticket: string;
}

export type LoadEnd =
  | {
      readonly ok: true;
      /** From when all were in until the last message, and the messages of that time. */
      readonly playedMs: number;
      readonly playedMessages: number;
      /** Everything arrived within the time for that. */
      readonly settled: boolean;
    }
  /** They could not come in. */
  | { readonly ok: false; readonly why: string };

export class LoadRunner {
  readonly players: readonly LoadPlayer[];
  phase: 'coming' | 'playing' | 'settling' | 'over' = 'coming';
  private readonly plan: LoadPlan;
  private readonly world: Pick<World, 'clock' | 'timers'>;
  private readonly tally: Tally;
  private readonly checkers: readonly RoomChecker[];
  private readonly noise: Uint8Array;
  private readonly messages: () => number;
  private readonly moving: readonly LoadPlayer[];
  /** Of each room, how many of its players have not been in yet. */
  private readonly absent: number[];
  private readonly been = new Set<LoadPlayer>();
  private readonly done = Promise.withResolvers<LoadEnd>();
  private beganMs = 0;
  private completeMs = 0;
  /** When slot 0 was due. */
  private scheduleMs = 0;
  private sentBefore = 0;
  private endMs = Number.POSITIVE_INFINITY;
  private stoppedMs = 0;
  private playedMessages = 0;
  private connected = 0;
  private slot = 0;
  private cursor = 0;
  private lastWhy = '';

  constructor(
    plan: LoadPlan,
    seats: readonly (readonly Seat[])[],
    tally: Tally,
    world: Pick<World, 'clock' | 'timers'>,
  ) {
    this.plan = plan;
    this.world = world;
    this.tally = tally;
    this.noise = makeNoise(plan.seed);
    this.messages = randomFor(plan.seed, Stream.messages);
    this.absent = seats.map(({ length }) => length);
    const ids = randomFor(plan.seed, Stream.ids);
    this.checkers = seats.map(
      (room, at) =>
        new RoomChecker(
          tally,
          `room ${at + 1}`,
          room.map(() => idFrom(ids)),
        ),
    );
    this.players = this.makePlayers(seats);
    const cursors = chosen(this.players.length, plan.cursors, randomFor(plan.seed, Stream.cursors));
    this.moving = this.players.filter((_, at) => cursors.has(at));
  }

  /** How many are in right now. */
  get here(): number {
    return this.players.reduce((sum, { at }) => sum + (at === 'live' ? 1 : 0), 0);
  }

  /** Resolves when everything is played and has arrived. */
  run(): Promise<LoadEnd> {
    this.beganMs = this.now();
    this.scheduleMs = this.beganMs;
    this.turn();
    return this.done.promise;
  }

  /** No more messages; what is on its way may arrive. */
  stopEarly(): void {
    if (this.phase === 'coming' || this.phase === 'playing') this.settle();
  }

  /** Ends it as it is. */
  abandon(): void {
    this.finish({ ok: false, why: 'it was broken off' });
  }

  private makePlayers(seats: readonly (readonly Seat[])[]): readonly LoadPlayer[] {
    const { plan } = this;
    const all = seats.flatMap((room, at) => room.map((seat, player) => ({ seat, at, player })));
    const roles = shuffled(all.length, randomFor(plan.seed, Stream.roles));
    const slow = Math.round(all.length * plan.slow);
    const dropping = Math.round(all.length * plan.dropping);
    const network = randomFor(plan.seed, Stream.network);
    const outside: PlayerDeps = {
      world: this.world,
      random: { next: network },
      tally: this.tally,
      troubled: () => this.phase === 'coming' || this.phase === 'playing',
      arrived: (player) => this.arrived(player),
      gaveUp: (player, why) => this.gaveUp(player, why),
    };
    return all.map(({ seat, at, player }, index) => {
      const checker = this.checkers[at];
      if (!checker) throw new Error('a seat without a room');
      const role = roles[index] ?? 0;
      const isSlow = role < slow;
      const isDropping = !isSlow && role < slow + dropping;
      return new LoadPlayer(
        { ...seat, checker, room: at, player, slow: isSlow, dropping: isDropping },
        outside,
      );
    });
  }

  private now(): number {
    return this.world.clock.mono();
  }

  private turn(): void {
    if (this.phase === 'over') return;
    const now = this.now();
    let behind = false;
    if (this.phase === 'coming') behind = this.letIn(now);
    if (this.phase === 'coming' || this.phase === 'playing') {
      const sending = this.speak(now);
      behind = this.moveCursors(now) || sending || behind;
      if (now >= this.endMs) this.settle();
    }
    if (this.phase === 'settling') this.lookWhetherSettled(now);
    this.world.timers.after(behind ? 0 : this.phase === 'settling' ? 20 * TURN_MS : TURN_MS, () =>
      this.turn(),
    );
  }

  /** Answers whether more are due than one turn takes. */
  private letIn(now: number): boolean {
    const { length } = this.players;
    const { rampMs } = this.plan;
    const since = now - this.beganMs;
    const due = rampMs === 0 ? length : Math.min(length, Math.ceil((since / rampMs) * length));
    const until = Math.min(due, this.connected + CONNECTS_PER_TURN);
    while (this.connected < until) this.players[this.connected++]?.connect();
    if (since > rampMs + JOIN_MS_MAX) {
      const why = `only ${this.been.size} of ${length} came in within ${Math.round(since / 1_000)} s`;
      this.finish({ ok: false, why: this.lastWhy ? `${why}; the last one: ${this.lastWhy}` : why });
    }
    return until < due;
  }

  /** Slot number n is due at n / (rate of all rooms) seconds, and belongs to the rooms in turn. */
  private speak(now: number): boolean {
    const { rooms, players, rate } = this.plan;
    const until = Math.min(now, this.endMs);
    for (let sent = 0; sent < SENDS_PER_TURN; this.slot++) {
      const dueMs = this.scheduleMs + this.dueAfterMs(this.slot / (rate * rooms));
      if (dueMs > until) return false;
      const room = this.slot % rooms;
      if (this.absent[room] !== 0) continue;
      sent++;
      const { bytesMin, bytesMax } = this.plan;
      const bytes = bytesMin + Math.floor(this.messages() * (bytesMax - bytesMin + 1));
      const player = this.players[room * players + Math.floor(this.messages() * players)];
      const sentAt = this.now();
      this.tally.lag.add(sentAt - dueMs);
      const body = makeBody(this.noise, bytes, this.messages(), sentAt, this.tally.sent);
      if (!player?.say(body, this.phase === 'coming')) this.tally.heldBack++;
    }
    return true;
  }

  private dueAfterMs(seconds: number): number {
    if (this.plan.spread === 'even') return seconds * 1_000;
    const whole = Math.floor(seconds);
    return (whole + (seconds - whole) * BURST) * 1_000;
  }

  private moveCursors(now: number): boolean {
    const { moving } = this;
    if (moving.length === 0) return false;
    const perMs = (moving.length * CURSORS_PER_SECOND) / 1_000;
    const due = Math.floor((now - this.scheduleMs) * perMs);
    const until = Math.min(due, this.cursor + CURSORS_PER_TURN);
    const value = new Uint8Array(CURSOR_BYTES);
    for (; this.cursor < until; this.cursor++) {
      new DataView(value.buffer).setUint32(0, this.cursor);
      moving[this.cursor % moving.length]?.moveCursor(value);
    }
    return until < due;
  }

  private arrived(player: LoadPlayer): void {
    if (this.been.has(player)) return;
    this.been.add(player);
    const { room } = player.plan;
    this.absent[room] = (this.absent[room] ?? 0) - 1;
    if (this.been.size < this.players.length || this.phase !== 'coming') return;
    this.phase = 'playing';
    this.completeMs = this.now();
    // What fell behind while players came in is not made up for: it would be a flood that nobody asked for.
    this.scheduleMs = this.completeMs;
    this.slot = 0;
    this.cursor = 0;
    this.tally.lag.clear();
    this.sentBefore = this.tally.sent;
    this.endMs = this.completeMs + this.plan.playMs;
  }

  private gaveUp(player: LoadPlayer, why: string): void {
    this.lastWhy = why;
    // Nobody has come in yet: there is no server to speak of.
    if (!this.been.has(player)) this.finish({ ok: false, why: `a player could not come in: ${why}` });
  }

  private settle(): void {
    this.phase = 'settling';
    this.stoppedMs = this.now();
    this.playedMessages = this.tally.sent - this.sentBefore;
    for (const player of this.players) {
      if (this.been.has(player)) {
        player.calmDown();
        continue;
      }
      // Stopped early: it is not let in any more, and misses nothing.
      player.stop();
      player.plan.checker.leaveOut(player.plan.player);
    }
  }

  private lookWhetherSettled(now: number): void {
    const isBack = this.players.every(({ at }) => at === 'live' || at === 'out');
    const settled = isBack && this.checkers.every((checker) => checker.settled);
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

function idFrom(chance: () => number): Uint8Array {
  return Uint8Array.from({ length: ID_BYTES }, () => Math.floor(chance() * 256));
}

/** The numbers 0 … length - 1 in an order of chance. */
function shuffled(length: number, chance: () => number): readonly number[] {
  const order = Array.from({ length }, (_, at) => at);
  for (let at = length - 1; at > 0; at--) {
    const other = Math.floor(chance() * (at + 1));
    [order[at], order[other]] = [order[other] ?? 0, order[at] ?? 0];
  }
  return order;
}

function chosen(length: number, share: number, chance: () => number): ReadonlySet<number> {
  const order = shuffled(length, chance);
  return new Set(order.slice(0, Math.round(length * share)));
}
