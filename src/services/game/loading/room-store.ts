/**
 * What the room server reads of the main database; it never writes there. The functions of
 * `ports/main-db/queries` fit one to one.
 */
import type { Timers } from '../../../lib/world.ts';
import type { LoadedRoom } from '../../../ports/main-db/queries/rooms.ts';
import type { ChunkRow, SeatRow } from '../../../ports/main-db/schema.ts';
import { withTimeout } from './timeout.ts';

export interface RoomStore {
  /** The room as of one moment: archive head, epochs and clients belong together. null = no such room. */
  loadRoom(room: string): Promise<LoadedRoom | null>;
  /** By seat, rising. */
  seats(room: string): Promise<readonly SeatRow[]>;
  /** Up to `limit` chunks with records after `afterSeq`, oldest first; the first may begin before it. */
  chunks(room: string, afterSeq: number, limit: number): Promise<readonly ChunkRow[]>;
}

/** The store with a time-out: a call that takes longer rejects. */
export function withTimeouts(store: RoomStore, timers: Timers): RoomStore {
  const soon = <T>(answer: Promise<T>): Promise<T> => withTimeout(timers, 'the main database', answer);
  return {
    loadRoom: (room) => soon(store.loadRoom(room)),
    seats: (room) => soon(store.seats(room)),
    chunks: (room, afterSeq, limit) => soon(store.chunks(room, afterSeq, limit)),
  };
}
