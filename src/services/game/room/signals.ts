/**
 * Signals: the last value of each seat, sent at most once per room and 100 ms, and only if something
 * changed and somebody else is there to see it. When the process falls behind, the tick widens
 * before moves suffer.
 */
import { Writer } from '../../../../sdk/protocol/bytes.ts';
import { signals } from '../../../../sdk/protocol/signals.ts';
import type { World } from '../../../lib/world.ts';

export const SIGNAL_TICK_MS = 100;
const SIGNAL_TICK_MS_MAX = 800;
/** A tick later than this is a sign of load. */
const LATE_MS = 20;
/** Rooms served in one go before other work gets its turn. */
const ROOMS_PER_TURN = 32;

/** A signals frame, and whose values it tells: a socket that is behind gets those later. */
export interface SignalsTold {
  readonly frame: Uint8Array;
  readonly seats: readonly number[];
}

/** The values of one room. */
export class SignalBoard {
  private readonly values = new Map<number, Uint8Array>();
  private readonly changed = new Set<number>();

  /** `value` is copied; an empty one takes the seat's value away. */
  set(seat: number, value: Uint8Array): void {
    if (value.length === 0 && !this.values.has(seat)) return;
    this.values.set(seat, value.slice());
    this.changed.add(seat);
  }

  /** The seat left. True if that changes what the others see. */
  clear(seat: number): boolean {
    if (!this.values.has(seat)) return false;
    this.set(seat, NOTHING);
    return true;
  }

  /** What changed since the last time; null if nothing did. */
  takeChanged(): SignalsTold | null {
    if (this.changed.size === 0) return null;
    const told = this.of(this.changed);
    for (const seat of told.seats) if (this.values.get(seat)?.length === 0) this.values.delete(seat);
    this.changed.clear();
    return told;
  }

  /** Everything, for a socket that saw none of it; null if there is nothing. */
  all(): SignalsTold | null {
    return this.values.size === 0 ? null : this.of(this.values.keys());
  }

  /** The present values of these seats: empty for one that has none any more. */
  of(seats: Iterable<number>): SignalsTold {
    const told = [...seats];
    const writer = new Writer().byte(signals.type).varint(told.length);
    for (const seat of told) writer.varint(seat).bytes(this.values.get(seat) ?? NOTHING);
    return { frame: writer.done(), seats: told };
  }
}

const NOTHING = new Uint8Array(0);

/** A room that has signals to send. */
export interface Signalling {
  sendSignals(): void;
}

/** Gives every room its turn: in the order in which they asked, a tick after they did. */
export class SignalTicker {
  /** The present tick, milliseconds. */
  tickMs = SIGNAL_TICK_MS;
  private waiting: { readonly room: Signalling; readonly due: number }[] = [];
  private scheduled = false;
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** The room gets one turn; it must not ask again before. */
  ask(room: Signalling): void {
    this.waiting.push({ room, due: this.world.clock.mono() + this.tickMs });
    this.schedule(this.tickMs);
  }

  private schedule(ms: number): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.world.timers.after(ms, () => this.turn());
  }

  private turn(): void {
    this.scheduled = false;
    const now = this.world.clock.mono();
    this.adapt(now - (this.waiting[0]?.due ?? now));
    let served = 0;
    while (served < ROOMS_PER_TURN && served < this.waiting.length) {
      const next = this.waiting[served]!;
      if (next.due > now) break;
      next.room.sendSignals();
      served++;
    }
    this.waiting.splice(0, served);
    const first = this.waiting[0];
    if (first) this.schedule(Math.max(1, first.due - now));
  }

  private adapt(lateMs: number): void {
    if (lateMs > LATE_MS) this.tickMs = Math.min(SIGNAL_TICK_MS_MAX, this.tickMs * 2);
    else this.tickMs = Math.max(SIGNAL_TICK_MS, Math.floor(this.tickMs * 0.9));
  }
}
