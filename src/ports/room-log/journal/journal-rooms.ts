/**
 * What the journal knows of its rooms, in memory: head, fence, and the live entries as they were
 * appended. Everything in here is durable; nothing enters before its commit has returned.
 */
import type { RoomMark } from './entries.ts';
import { StoredRun } from './stored-run.ts';

/** A segment file and how much of it is still needed. */
export interface SegmentUse {
  readonly number: number;
  /** Runs in it that are not trimmed, and their bytes. */
  liveRuns: number;
  liveBytes: number;
  /** All rooms with such runs, and some that had. */
  readonly rooms: Set<JournalRoom>;
  /** When the last of them was trimmed (monotonic ms); null while it has some or is written to. */
  unusedSince: number | null;
}

/** Shared by all runs of one commit. */
export interface CommitPlace {
  readonly segment: SegmentUse;
  /** Wall clock ms; 0 for entries from before this process. */
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
  /** Monotonic ms since when nobody owns it, or since its last trim if that was later. */
  unownedSince: number;
  /** Operations queued or under way; a room with any is not forgotten. */
  pending: number;
  /** The epoch whose append is queued or under way; 0 = none is. */
  appending: number;
  /** The last batch with an operation of this room: at most one per room and batch. */
  batch: number;
}

export class JournalRooms {
  readonly #rooms = new Map<string, JournalRoom>();
  readonly #segments = new Map<number, SegmentUse>();
  readonly #mono: () => number;
  #bytes = 0;

  constructor(mono: () => number) {
    this.#mono = mono;
  }

  /** Bytes of all live entries. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#rooms.size;
  }

  get(name: string): JournalRoom | undefined {
    return this.#rooms.get(name);
  }

  all(): IterableIterator<JournalRoom> {
    return this.#rooms.values();
  }

  /** The room, made on the spot if it is not known: without epoch, owned by nobody. */
  ensure(name: string): JournalRoom {
    const known = this.#rooms.get(name);
    if (known) return known;
    const room: JournalRoom = {
      name,
      epoch: 0,
      seq: 0,
      ms: 0,
      trimmed: 0,
      runs: [],
      bytes: 0,
      owned: false,
      unownedSince: this.#mono(),
      pending: 0,
      appending: 0,
      batch: 0,
    };
    this.#rooms.set(name, room);
    return room;
  }

  /** Entries behind everything that the room has. */
  append(room: JournalRoom, first: number, last: number, records: Uint8Array, place: CommitPlace): void {
    if (room.runs.at(-1)?.join(last, records, place)) this.#countBytes(room, place.segment, records.length);
    else this.addRun(room, new StoredRun(first, last, records, place));
  }

  /** A run as it stands in a segment: what is moved later is made up of whole ones. */
  addRun(room: JournalRoom, run: StoredRun): void {
    const { segment } = run.place;
    if (room.runs.at(-1)?.place.segment !== segment) segment.rooms.add(room);
    room.runs.push(run);
    this.#count(room, run);
  }

  /**
   * The run also stands at another place now: that one counts. It replaces the room's runs that lie in it,
   * or fills a gap between them; false if it cuts one.
   */
  moveRun(room: JournalRoom, run: StoredRun): boolean {
    const { runs } = room;
    let at = runs.length;
    while (at > 0 && runs[at - 1]!.last >= run.first) at--;
    let end = at;
    while (end < runs.length && runs[end]!.first <= run.last) end++;
    if (end > at && (runs[at]!.first < run.first || runs[end - 1]!.last > run.last)) return false;
    this.#drop(room, runs.splice(at, end - at, run));
    run.place.segment.rooms.add(room);
    this.#count(room, run);
    return true;
  }

  #count(room: JournalRoom, run: StoredRun): void {
    const { segment } = run.place;
    segment.liveRuns++;
    segment.unusedSince = null;
    this.#countBytes(room, segment, run.length);
  }

  #countBytes(room: JournalRoom, segment: SegmentUse, length: number): void {
    room.bytes += length;
    this.#bytes += length;
    segment.liveBytes += length;
  }

  /** The archive has everything up to `upto`; runs that go beyond it stay whole. */
  trim(room: JournalRoom, upto: number): void {
    room.trimmed = Math.max(room.trimmed, upto);
    let count = 0;
    while (count < room.runs.length && room.runs[count]!.last <= upto) count++;
    if (count > 0) this.#drop(room, room.runs.splice(0, count));
  }

  /**
   * Puts the room where `mark` says. A head below the present one: it had been forgotten. What is
   * trimmed stays trimmed: the room may have been trimmed after the mark was made.
   */
  place(room: JournalRoom, mark: RoomMark): void {
    if (mark.seq < room.seq) {
      this.#drop(room, room.runs.splice(0));
      room.trimmed = 0;
    }
    room.epoch = mark.epoch;
    room.seq = mark.seq;
    room.ms = mark.ms;
    this.trim(room, mark.trimmed);
  }

  #drop(room: JournalRoom, runs: readonly StoredRun[]): void {
    for (const run of runs) {
      const { segment } = run.place;
      segment.liveRuns--;
      this.#countBytes(room, segment, -run.length);
      if (segment.liveRuns > 0) continue;
      segment.unusedSince = this.#mono();
      segment.rooms.clear();
    }
  }

  /** A room that nobody owns, with nothing live and nothing under way, goes. */
  forgetIfDone(room: JournalRoom): void {
    if (room.owned || room.runs.length > 0 || room.pending > 0) return;
    if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name);
  }

  /** A room that was only made to be opened, and then was not. */
  forgetUnopened(room: JournalRoom): void {
    if (room.epoch === 0) this.forgetIfDone(room);
  }

  /** Drops a room with all it has: a snapshot does not list it. */
  remove(room: JournalRoom): void {
    this.#drop(room, room.runs.splice(0));
    this.#rooms.delete(room.name);
  }

  /** Forgets empty rooms that nobody has owned for `ms`: those left over from before a restart. */
  forgetUnowned(ms: number): void {
    const before = this.#mono() - ms;
    for (const room of this.#rooms.values()) if (room.unownedSince <= before) this.forgetIfDone(room);
  }

  segment(number: number): SegmentUse {
    let use = this.#segments.get(number);
    if (!use) {
      use = { number, liveRuns: 0, liveBytes: 0, rooms: new Set(), unusedSince: this.#mono() };
      this.#segments.set(number, use);
    }
    return use;
  }

  /** The oldest segment with live entries; `otherwise` if there are none. */
  oldestNeeded(otherwise: number): number {
    let oldest = otherwise;
    for (const use of this.#segments.values()) if (use.liveRuns > 0) oldest = Math.min(oldest, use.number);
    return oldest;
  }

  /** Segments in which nothing has been live since `before` (monotonic ms). */
  unusedSegments(before: number): readonly SegmentUse[] {
    const uses = [...this.#segments.values()];
    return uses.filter((use) => use.liveRuns === 0 && use.unusedSince !== null && use.unusedSince < before);
  }

  segments(): IterableIterator<SegmentUse> {
    return this.#segments.values();
  }

  forgetSegment(number: number): void {
    this.#segments.delete(number);
  }
}

export function markOf(room: JournalRoom): RoomMark {
  return { epoch: room.epoch, seq: room.seq, ms: room.ms, trimmed: room.trimmed };
}

/** Do the runs cover everything from trimmed + 1 to the head, without a gap? */
export function isWhole(room: JournalRoom): boolean {
  let covered = room.trimmed;
  for (const run of room.runs) {
    if (run.first > covered + 1) return false;
    covered = run.last;
  }
  return covered === room.seq;
}
