/**
 * Signals: the last value of each seat. Changes are sent at most once per room and tick of 100 ms, and only
 * to rooms with two live sockets or more. Under load the tick grows, up to 800 ms, so that moves are not
 * delayed.
 */
import { Writer } from '../../../../sdk/protocol/bytes.ts';
import { signals } from '../../../../sdk/protocol/signals.ts';
import type { World } from '../../../lib/world.ts';

export const SIGNAL_TICK_MS = 100;
const SIGNAL_TICK_MS_MAX = 800;
/** A tick that runs later than this shows that the process is overloaded. */
const OVERLOAD_LATE_MS = 20;
/** Rooms served in one tick, so that a tick does not block other work. */
const ROOMS_PER_TICK = 32;

/** A `signals` frame and the seats in it: a backpressured socket gets these seats later. */
export interface SignalsFrame {
  readonly frame: Uint8Array;
  readonly seats: readonly number[];
}

/** The values of one room. */
export class SignalBoard {
  private readonly values = new Map<number, Uint8Array>();
  private readonly changed = new Set<number>();

  /** Copies `value`; an empty one clears the seat's signal. */
  set(seat: number, value: Uint8Array): void {
    if (value.length === 0 && !this.values.has(seat)) return;
    this.values.set(seat, value.slice());
    this.changed.add(seat);
  }

  /** Clears the seat's signal. False if it had none. */
  clear(seat: number): boolean {
    if (!this.values.has(seat)) return false;
    this.set(seat, NOTHING);
    return true;
  }

  /** Returns the changes since the last call; null if there are none. */
  takeChanged(): SignalsFrame | null {
    if (this.changed.size === 0) return null;
    const changes = this.frameOf(this.changed);
    for (const seat of changes.seats) if (this.values.get(seat)?.length === 0) this.values.delete(seat);
    this.changed.clear();
    return changes;
  }

  /** All values, for a socket that has just become live; null if there are none. */
  all(): SignalsFrame | null {
    return this.values.size === 0 ? null : this.frameOf(this.values.keys());
  }

  /** The current values of these seats; empty for a seat without one. */
  frameOf(seats: Iterable<number>): SignalsFrame {
    const listed = [...seats];
    const writer = new Writer().byte(signals.type).varint(listed.length);
    for (const seat of listed) writer.varint(seat).bytes(this.values.get(seat) ?? NOTHING);
    return { frame: writer.done(), seats: listed };
  }
}

const NOTHING = new Uint8Array(0);

/** A room with signals to send. */
export interface SignalSender {
  sendSignals(): void;
}

/** Calls each room one tick after its request, in the order of the requests. */
export class SignalTicker {
  /** Current tick length, ms. */
  tickMs = SIGNAL_TICK_MS;
  private waiting: { readonly room: SignalSender; readonly due: number }[] = [];
  private isScheduled = false;
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** `sendSignals` will be called once; the room must not request again before that. */
  request(room: SignalSender): void {
    this.waiting.push({ room, due: this.world.clock.mono() + this.tickMs });
    this.schedule(this.tickMs);
  }

  private schedule(ms: number): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.world.timers.after(ms, () => this.tick());
  }

  private tick(): void {
    this.isScheduled = false;
    const now = this.world.clock.mono();
    this.adapt(now - (this.waiting[0]?.due ?? now));
    let served = 0;
    while (served < ROOMS_PER_TICK && served < this.waiting.length) {
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
    if (lateMs > OVERLOAD_LATE_MS) this.tickMs = Math.min(SIGNAL_TICK_MS_MAX, this.tickMs * 2);
    else this.tickMs = Math.max(SIGNAL_TICK_MS, Math.floor(this.tickMs * 0.9));
  }
}
