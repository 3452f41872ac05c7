/** Presence: who sits in a room and who is there; one frame per change, changes collected for a moment. */
import { presence } from '../../../../sdk/protocol/presence.ts';
import type { Timers } from '../../../lib/world.ts';
import type { SeatRow } from '../../../ports/main-db/schema.ts';

export const PRESENCE_MS = 250;

export interface PresenceSource {
  readonly seats: readonly SeatRow[];
  /** Seats with at least one socket. */
  onlineSeats(): ReadonlySet<number>;
  observers(): number;
}

export class PresenceBoard {
  private readonly source: PresenceSource;
  private readonly timers: Timers;
  private readonly tell: (frame: Uint8Array) => void;
  private cancel: (() => void) | null = null;
  private encoded: Uint8Array | null = null;

  /** `tell` gets the frame for everybody, at most every PRESENCE_MS. */
  constructor(source: PresenceSource, timers: Timers, tell: (frame: Uint8Array) => void) {
    this.source = source;
    this.timers = timers;
    this.tell = tell;
  }

  changed(): void {
    this.encoded = null;
    this.cancel ??= this.timers.after(PRESENCE_MS, () => {
      this.cancel = null;
      this.tell(this.frame());
    });
  }

  /** As things are now; seats without a row (nobody named themselves there) count if they are online. */
  frame(): Uint8Array {
    this.encoded ??= this.encode();
    return this.encoded;
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
    return presence.encode({ seats, observers: this.source.observers() });
  }
}
