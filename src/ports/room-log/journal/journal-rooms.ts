/**
 * The journal's rooms in memory: heads, fences and live entries. All of it is durable: entries are added after their
 * commit.
 */
import type { RoomState } from './entries.ts';
import { type CommitLocation, type JournalRoom, type SegmentUsage, StoredRun } from './journal-room.ts';

export class JournalRooms {
  private readonly rooms = new Map<string, JournalRoom>();
  private readonly segmentUsage = new Map<number, SegmentUsage>();
  private readonly mono: () => number;
  private liveBytes = 0;

  constructor(mono: () => number) {
    this.mono = mono;
  }

  /** Bytes of all live entries. */
  get bytes(): number {
    return this.liveBytes;
  }

  get(name: string): JournalRoom | undefined {
    return this.rooms.get(name);
  }

  all(): IterableIterator<JournalRoom> {
    return this.rooms.values();
  }

  /** A new room has epoch 0 and no owner. */
  getOrCreate(name: string): JournalRoom {
    const known = this.rooms.get(name);
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
      unownedSince: this.mono(),
      pending: 0,
      appending: 0,
      batch: 0,
    };
    this.rooms.set(name, room);
    return room;
  }

  /** Adds the entries after the room's last ones. */
  append(
    room: JournalRoom,
    first: number,
    last: number,
    records: Uint8Array,
    location: CommitLocation,
  ): void {
    if (room.runs.at(-1)?.join(last, records, location))
      this.addBytes(room, location.segment, records.length);
    else this.addRun(room, new StoredRun(first, last, records, location));
  }

  /** Adds a run without joining it: replay keeps the runs of the segment, since `moved` entries hold whole ones. */
  addRun(room: JournalRoom, run: StoredRun): void {
    const { segment } = run.location;
    if (room.runs.at(-1)?.location.segment !== segment) segment.rooms.add(room);
    room.runs.push(run);
    this.addUsage(room, run);
  }

  /**
   * Adds a run that was rewritten in another segment: it replaces the room's runs that it covers, or fills a gap
   * between them. false = it overlaps a run in part, which is damage.
   */
  moveRun(room: JournalRoom, run: StoredRun): boolean {
    const { runs } = room;
    let at = runs.length;
    while (at > 0 && runs[at - 1]!.last >= run.first) at--;
    let end = at;
    while (end < runs.length && runs[end]!.first <= run.last) end++;
    if (end > at && (runs[at]!.first < run.first || runs[end - 1]!.last > run.last)) return false;
    this.dropRuns(room, runs.splice(at, end - at, run));
    run.location.segment.rooms.add(room);
    this.addUsage(room, run);
    return true;
  }

  private addUsage(room: JournalRoom, run: StoredRun): void {
    const { segment } = run.location;
    segment.liveRuns++;
    segment.unusedSince = null;
    this.addBytes(room, segment, run.length);
  }

  private addBytes(room: JournalRoom, segment: SegmentUsage, length: number): void {
    room.bytes += length;
    this.liveBytes += length;
    segment.liveBytes += length;
  }

  /** Drops runs that end at or before `upto`; a run that reaches beyond it stays whole. */
  trim(room: JournalRoom, upto: number): void {
    room.trimmed = Math.max(room.trimmed, upto);
    let count = 0;
    while (count < room.runs.length && room.runs[count]!.last <= upto) count++;
    if (count > 0) this.dropRuns(room, room.runs.splice(0, count));
  }

  /**
   * Applies a fence or a snapshot entry. A head below the current one means that the room was evicted in between:
   * its runs are dropped. Otherwise `trimmed` never decreases: a trim may be newer than `state`.
   */
  setState(room: JournalRoom, state: RoomState): void {
    if (state.seq < room.seq) {
      this.dropRuns(room, room.runs.splice(0));
      room.trimmed = 0;
    }
    room.epoch = state.epoch;
    room.seq = state.seq;
    room.ms = state.ms;
    this.trim(room, state.trimmed);
  }

  private dropRuns(room: JournalRoom, runs: readonly StoredRun[]): void {
    for (const run of runs) {
      const { segment } = run.location;
      segment.liveRuns--;
      this.addBytes(room, segment, -run.length);
      if (segment.liveRuns > 0) continue;
      segment.unusedSince = this.mono();
      segment.rooms.clear();
    }
  }

  /** Removes the room if it has no owner, no live entries and no pending operations. */
  evictIfIdle(room: JournalRoom): void {
    if (room.owned || room.runs.length > 0 || room.pending > 0) return;
    if (this.rooms.get(room.name) === room) this.rooms.delete(room.name);
  }

  /** Removes a room that was created for an `open` that failed. */
  evictIfUnopened(room: JournalRoom): void {
    if (room.epoch === 0) this.evictIfIdle(room);
  }

  /** Removes the room and its live entries. */
  remove(room: JournalRoom): void {
    this.dropRuns(room, room.runs.splice(0));
    this.rooms.delete(room.name);
  }

  /** Removes idle rooms without an owner for at least `ms`. */
  evictUnowned(ms: number): void {
    const before = this.mono() - ms;
    for (const room of this.rooms.values()) if (room.unownedSince <= before) this.evictIfIdle(room);
  }

  /** Created if the segment is new. */
  usageOf(number: number): SegmentUsage {
    let usage = this.segmentUsage.get(number);
    if (!usage) {
      usage = { number, liveRuns: 0, liveBytes: 0, rooms: new Set(), unusedSince: this.mono() };
      this.segmentUsage.set(number, usage);
    }
    return usage;
  }

  /** Number of the oldest segment with live entries; `fallback` if none is older. */
  oldestLiveSegment(fallback: number): number {
    let oldest = fallback;
    for (const { liveRuns, number } of this.segmentUsage.values())
      if (liveRuns > 0) oldest = Math.min(oldest, number);
    return oldest;
  }

  /** Segments without live entries since before `before` (monotonic ms). */
  unusedSegments(before: number): readonly SegmentUsage[] {
    return [...this.segmentUsage.values()].filter(
      ({ liveRuns, unusedSince }) => liveRuns === 0 && unusedSince !== null && unusedSince < before,
    );
  }

  segments(): IterableIterator<SegmentUsage> {
    return this.segmentUsage.values();
  }

  removeSegment(number: number): void {
    this.segmentUsage.delete(number);
  }
}
