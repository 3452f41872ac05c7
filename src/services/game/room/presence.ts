/** Presence: the seats of a room and which are online. Changes within PRESENCE_MS are sent in one frame. */
import { presence } from '../../../../sdk/protocol/presence.ts';
import type { Timers } from '../../../lib/world.ts';
import type { SeatRow } from '../../../ports/main-db/schema.ts';

export const PRESENCE_MS = 250;

export interface PresenceSource {
  readonly seats: readonly SeatRow[];
  /** Seats with at least one socket. */
  onlineSeats(): ReadonlySet<number>;
  observerCount(): number;
}

export class PresenceBoard {
  private readonly source: PresenceSource;
  private readonly timers: Timers;
  private readonly broadcast: (frame: Uint8Array) => void;
  private cancel: (() => void) | null = null;
  private cachedFrame: Uint8Array | null = null;

  /** `broadcast` is called with the frame for all members, at most once per PRESENCE_MS. */
  constructor(source: PresenceSource, timers: Timers, broadcast: (frame: Uint8Array) => void) {
    this.source = source;
    this.timers = timers;
    this.broadcast = broadcast;
  }

  markChanged(): void {
    this.cachedFrame = null;
    this.cancel ??= this.timers.after(PRESENCE_MS, () => {
      this.cancel = null;
      this.broadcast(this.frame());
    });
  }

  /**
   * The current state. A seat without a row in the database (no name chosen) is listed only while it is
   * online.
   */
  frame(): Uint8Array {
    this.cachedFrame ??= this.encode();
    return this.cachedFrame;
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private encode(): Uint8Array {
    const online = new Set(this.source.onlineSeats());
    const seats = this.source.seats.map(({ seat, name, colour }) => ({
      seat,
      name,
      colour,
      online: online.delete(seat) ? 1 : 0,
    }));
    for (const seat of online) seats.push({ seat, name: '', colour: '', online: 1 });
    return presence.encode({ seats, observers: this.source.observerCount() });
  }
}
