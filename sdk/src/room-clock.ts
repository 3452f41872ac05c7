/**
 * Estimates the room's milliseconds. A reading of the server's clock is late by its transmission time,
 * so the estimate uses the reading since the welcome that is furthest ahead.
 */
export interface RoomClock {
  /** Sets the first reading of a new connection and discards earlier ones. */
  restart(roomMs: number): void;
  addReading(roomMs: number): void;
  /** 0 before the first reading. */
  roomMs(): number;
}

export function createRoomClock(now: () => number): RoomClock {
  let offset = -Infinity;
  return {
    restart(roomMs) {
      offset = roomMs - now();
    },
    addReading(roomMs) {
      offset = Math.max(offset, roomMs - now());
    },
    roomMs: () => Math.max(0, Math.floor(now() + offset)),
  };
}
