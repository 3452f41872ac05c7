/**
 * The room's milliseconds, estimated. A reading of the server's clock is old by the time it took to
 * come, so of all readings since the welcome the one that is furthest ahead is the best.
 */
export class RoomClock {
  readonly #now: () => number;
  #offset: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  restart(roomMs: number): void {
    this.#offset = roomMs - this.#now();
  }

  reading(roomMs: number): void {
    this.#offset = Math.max(this.#offset ?? -Infinity, roomMs - this.#now());
  }

  roomMs(): number {
    return this.#offset === null ? 0 : Math.max(0, Math.floor(this.#now() + this.#offset));
  }
}
