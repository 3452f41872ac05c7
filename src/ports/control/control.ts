/**
 * Commands and queries from `web` to the process that owns a room. Adapters: embedded (a call within the process)
 * and HTTP to the private address of the slot's process.
 */
export type Command =
  /** The room's link was rotated: passes of older generations are refused, their sockets closed. */
  | { readonly kind: 'generation'; readonly room: string; readonly generation: number }
  /** Seats, names or colours changed in the main database: read them again and send them to all sockets. */
  | { readonly kind: 'seats'; readonly room: string }
  /** A message from the studio, shown to the players of the room. */
  | { readonly kind: 'notice'; readonly room: string; readonly text: string };

/** not-loaded is not an error: the room reads the database when it is next opened. */
export type CommandOutcome = 'delivered' | 'not-loaded' | 'unreachable';

export interface RoomStatus {
  readonly room: string;
  readonly epoch: number;
  /** The durable head. */
  readonly seq: number;
  readonly sockets: number;
  readonly onlineSeats: readonly number[];
  readonly hold: boolean;
}

export interface Control {
  send(slot: string, command: Command): Promise<CommandOutcome>;
  /** The room as it is now; null when the slot has not loaded it or is unreachable. */
  roomStatus(slot: string, room: string): Promise<RoomStatus | null>;
}

/** The receiving end: implemented by a process that owns rooms. */
export interface ControlTarget {
  handle(command: Command): CommandOutcome;
  roomStatus(room: string): RoomStatus | null;
}
