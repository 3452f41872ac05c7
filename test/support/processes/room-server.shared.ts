/** Options and replies of a room server in a process of its own. */
import type { GameLimits } from '../../../src/services/game/limits.ts';

/** A guard that the process lacks, for controls. */
export type Removed =
  /** Sockets never report backpressure: the server never waits for a slow reader. */
  | 'backpressure'
  /** Each socket loads its room from the database. */
  | 'memory-of-rooms'
  /** Each hello gets a new client id: nothing is known of what the page has sent. */
  | 'memory-of-clients'
  /** A resumed page gets no records that it missed. */
  | 'replay-of-the-rest';

export interface RoomServerOptions {
  readonly limits: Partial<GameLimits>;
  readonly rooms: readonly string[];
  /** The clock of the rooms runs this many times as fast. */
  readonly speed: number;
  readonly removed: Removed | null;
}

/** Reply to the line `counts`. */
export interface RoomServerCounts {
  /** Resident memory after a garbage collection, MB. */
  readonly residentMb: number;
  /** Name of a query → number of calls so far. */
  readonly queries: { readonly [name: string]: number };
  readonly sockets: number;
  /** The codes with which sockets were closed, in order. */
  readonly closes: readonly number[];
  /** Number of errors that the front end reported. */
  readonly failures: number;
}
