/** What a room server in a process of its own is told, and what it answers. */
import type { GameLimits } from '../../../src/services/game/limits.ts';

/** A guard that the process does without: for controls. */
export type Removed =
  /** The rooms believe that a socket takes everything: nobody waits for a slow reader. */
  | 'congestion'
  /** Each socket asks the database whether there is such a room. */
  | 'memory-of-rooms'
  /** Whoever comes is somebody new: nothing is known of what they have sent. */
  | 'memory-of-clients'
  /** Who comes back with a good position gets nothing of what came meanwhile. */
  | 'replay-of-the-rest';

export interface RoomServerOptions {
  readonly limits: Partial<GameLimits>;
  readonly rooms: readonly string[];
  /** So many seconds of the rooms to one of ours. */
  readonly speed: number;
  readonly removed: Removed | null;
}

/** Answers to the line `counts`. */
export interface RoomServerCounts {
  /** After a collection of garbage. */
  readonly residentMb: number;
  /** What the database was asked so far, by the name of the query. */
  readonly queries: { readonly [name: string]: number };
  readonly sockets: number;
  /** The codes with which sockets went, in order. */
  readonly closes: readonly number[];
  /** Bugs that the front end reported. */
  readonly failures: number;
}
