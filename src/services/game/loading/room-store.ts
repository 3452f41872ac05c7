/**
 * What the room server reads of the main database; it writes nothing there. Each method is one function of
 * `ports/main-db/queries`.
 */
import type { Timers } from '../../../lib/world.ts';
import type { LoadedRoom } from '../../../ports/main-db/queries/rooms.ts';
import type { ChunkRow, SeatRow } from '../../../ports/main-db/schema.ts';
import { withTimeout } from './timeout.ts';

export interface RoomStore {
  /** A consistent snapshot of the room: archive head, epochs and clients match. null = no such room. */
  loadRoom(room: string): Promise<LoadedRoom | null>;
  /** Ascending by seat. */
  seats(room: string): Promise<readonly SeatRow[]>;
  /**
   * Up to `limit` chunks with records after `afterSeq`, oldest first; the first may begin at or before it.
   */
  chunks(room: string, afterSeq: number, limit: number): Promise<readonly ChunkRow[]>;
}

/** The store with a timeout for each call (see `withTimeout`). */
export function withTimeouts(store: RoomStore, timers: Timers): RoomStore {
  const timed = <T>(response: Promise<T>): Promise<T> => withTimeout(timers, 'the main database', response);
  return {
    loadRoom: (room) => timed(store.loadRoom(room)),
    seats: (room) => timed(store.seats(room)),
    chunks: (room, afterSeq, limit) => timed(store.chunks(room, afterSeq, limit)),
  };
}
