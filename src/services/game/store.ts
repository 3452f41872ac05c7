/**
 * What the room server reads of the main database; it never writes there. The functions of
 * `ports/main-db/queries` fit one to one.
 */
import type { Timers } from '../../lib/world.ts';
import type { LoadedRoom } from '../../ports/main-db/queries/rooms.ts';
import type { ChunkRow, SeatRow } from '../../ports/main-db/schema.ts';

export interface RoomStore {
  /** The room as of one moment: archive head, epochs and clients belong together. null = no such room. */
  loadRoom(room: string): Promise<LoadedRoom | null>;
  /** By seat, rising. */
  seats(room: string): Promise<readonly SeatRow[]>;
  /** Up to `limit` chunks with records after `afterSeq`, oldest first; the first may begin before it. */
  chunks(room: string, afterSeq: number, limit: number): Promise<readonly ChunkRow[]>;
}

/** The database has this long for an answer; the page, which waits 15 s for its welcome, is then told. */
export const STORE_MS_MAX = 10_000;

/** The store with a time-out: a call that takes longer rejects, and what it answers later is not used. */
export function patient(store: RoomStore, timers: Timers): RoomStore {
  const within = <T>(answer: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const cancel = timers.after(STORE_MS_MAX, () =>
        reject(new Error(`the main database gave no answer within ${STORE_MS_MAX} ms`)),
      );
      answer.then(resolve, reject).finally(cancel);
    });
  return {
    loadRoom: (room) => within(store.loadRoom(room)),
    seats: (room) => within(store.seats(room)),
    chunks: (room, afterSeq, limit) => within(store.chunks(room, afterSeq, limit)),
  };
}
