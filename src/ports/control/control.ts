/**
 * How `web` speaks to the process that owns a room. Adapters: embedded (a call within the process)
 * and HTTP to the private address of the slot's process.
 */
export type Command =
  /** The room's link was rotated: passes of older generations are refused, their sockets closed. */
  | { readonly kind: 'generation'; readonly room: string; readonly generation: number }
  /** Seats, names or colours changed in the main database: read them again and tell everybody. */
  | { readonly kind: 'seats'; readonly room: string }
  /** A word of the studio to the players of the room. */
  | { readonly kind: 'notice'; readonly room: string; readonly text: string };

/** not-loaded is no error: the room will read the database when it is next opened. */
export type TellOutcome = 'told' | 'not-loaded' | 'unreachable';

export interface RoomWatch {
  readonly room: string;
  readonly epoch: number;
  readonly seq: number;
  readonly sockets: number;
  readonly onlineSeats: readonly number[];
  readonly hold: boolean;
}

export interface Control {
  tell(slot: string, command: Command): Promise<TellOutcome>;
  /** What the room looks like now; null when the slot does not hold it. */
  watch(slot: string, room: string): Promise<RoomWatch | null>;
}

/** What an owner of rooms offers to the port. */
export interface ControlTarget {
  tell(command: Command): TellOutcome;
  watch(room: string): RoomWatch | null;
}
