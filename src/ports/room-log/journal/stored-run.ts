/**
 * Live entries of a room as they are kept in memory: one buffer for those that were appended to the same
 * segment one after another, as far as it reaches. An entry alone would take twice the memory of its bytes.
 */
import type { Run } from '../room-log.ts';
import type { CommitPlace } from './journal-rooms.ts';

/** Entries are joined up to here, and trimmed only together; a longer append stays alone. */
export const RUN_BYTES_MAX = 4 * 1024;
/** In two steps to a full buffer: each leaves the one before to the collector. */
const GROWTH = 8;

export class StoredRun implements Run {
  readonly first: number;
  last: number;
  /** Of the oldest entry. */
  readonly place: CommitPlace;
  /** Bytes of the entries. */
  length: number;
  /** Filled up to `length`. */
  private buffer: Uint8Array;
  private sealed = false;

  constructor(first: number, last: number, records: Uint8Array, place: CommitPlace) {
    this.first = first;
    this.last = last;
    this.place = place;
    this.length = records.length;
    this.buffer = records;
  }

  get records(): Uint8Array {
    return this.buffer.length === this.length ? this.buffer : this.buffer.subarray(0, this.length);
  }

  /** Nothing is joined any more: somebody reads it, and may trim exactly what it holds. */
  seal(): this {
    this.sealed = true;
    return this;
  }

  /** Takes in the entries that follow, up to `last`; false when they have to stand alone. */
  join(last: number, records: Uint8Array, place: CommitPlace): boolean {
    const length = this.length + records.length;
    if (this.sealed || place.segment !== this.place.segment || length > RUN_BYTES_MAX) return false;
    if (length > this.buffer.length) this.grow(length);
    this.buffer.set(records, this.length);
    this.length = length;
    this.last = last;
    return true;
  }

  private grow(length: number): void {
    const grown = new Uint8Array(Math.min(RUN_BYTES_MAX, Math.max(GROWTH * this.buffer.length, length)));
    grown.set(this.records);
    this.buffer = grown;
  }
}
