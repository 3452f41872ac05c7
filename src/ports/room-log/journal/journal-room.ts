/** One room in the journal's memory: its head, its fence, and its live entries as runs with their segments. */
import type { Run } from '../room-log.ts';
import type { RoomState } from './entries.ts';

/** A segment file, and how many live entries it has. */
export interface SegmentUsage {
  readonly number: number;
  /** Untrimmed runs in it, and their bytes. */
  liveRuns: number;
  liveBytes: number;
  /** All rooms with such runs; may also contain rooms whose runs were trimmed. Cleared with the last run. */
  readonly rooms: Set<JournalRoom>;
  /** When its last run was trimmed (monotonic ms); null while it has some. */
  unusedSince: number | null;
}

/** Shared by all runs of one commit. */
export interface CommitLocation {
  readonly segment: SegmentUsage;
  /** When it was committed, wall clock ms; 0 = before this process started. */
  readonly at: number;
}

export interface JournalRoom {
  readonly name: string;
  epoch: number;
  seq: number;
  ms: number;
  trimmed: number;
  runs: StoredRun[];
  /** Bytes of the runs. */
  bytes: number;
  /** Opened in this process and not released. */
  owned: boolean;
  /** Monotonic ms of the release or of the last trim, whichever was later. */
  unownedSince: number;
  /** Operations queued or in progress; the room stays in memory while there are any. */
  pending: number;
  /** Epoch of the append that is queued or in progress; 0 = none. */
  appending: number;
  /** Number of the last batch with an operation of this room: a batch takes at most one per room. */
  batch: number;
}

/** A run holds up to this many bytes of joined entries and is trimmed as a whole; a longer append is a run by itself. */
export const RUN_BYTES_MAX = 4 * 1024;
/** Growth factor of a run's buffer: large, because each step leaves garbage. From 64 bytes two steps are enough. */
const GROWTH = 8;

/**
 * Live entries of a room that were appended one after another to the same segment, in one buffer: a buffer for
 * each entry would double the memory.
 */
export class StoredRun implements Run {
  readonly first: number;
  last: number;
  /** Of the oldest entry. */
  readonly location: CommitLocation;
  /** Bytes of the entries. */
  length: number;
  /** Filled up to `length`. */
  private buffer: Uint8Array;
  private sealed = false;

  constructor(first: number, last: number, records: Uint8Array, location: CommitLocation) {
    this.first = first;
    this.last = last;
    this.location = location;
    this.length = records.length;
    this.buffer = records;
  }

  get records(): Uint8Array {
    return this.buffer.length === this.length ? this.buffer : this.buffer.subarray(0, this.length);
  }

  /** Stops joining, so that a reader can trim exactly what it has read. */
  seal(): this {
    this.sealed = true;
    return this;
  }

  /** Adds the entries after `this.last`, up to `last`. false = they need a separate run. */
  join(last: number, records: Uint8Array, location: CommitLocation): boolean {
    const length = this.length + records.length;
    if (this.sealed || location.segment !== this.location.segment || length > RUN_BYTES_MAX) return false;
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

export function roomStateOf(room: JournalRoom): RoomState {
  return { epoch: room.epoch, seq: room.seq, ms: room.ms, trimmed: room.trimmed };
}

/** true = the runs cover trimmed + 1 to the head without a gap. */
export function hasAllLiveEntries(room: JournalRoom): boolean {
  let covered = room.trimmed;
  for (const run of room.runs) {
    if (run.first > covered + 1) return false;
    covered = run.last;
  }
  return covered === room.seq;
}
