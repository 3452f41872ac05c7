/**
 * The room's milliseconds, estimated. A reading of the server's clock is old by the time it took to
 * come, so of all readings since the welcome the one that is furthest ahead is the best.
 */
export interface RoomClock {
  /** The first reading of a new connection: what was read before counts no longer. */
  restart(roomMs: number): void;
  reading(roomMs: number): void;
  /** 0 before the first reading. */
  roomMs(): number;
}

export function createRoomClock(now: () => number): RoomClock {
  let offset = -Infinity;
  return {
    restart(roomMs) {
      offset = roomMs - now();
    },
    reading(roomMs) {
      offset = Math.max(offset, roomMs - now());
    },
    roomMs: () => Math.max(0, Math.floor(now() + offset)),
  };
}
