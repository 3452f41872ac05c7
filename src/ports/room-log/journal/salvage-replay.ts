/** A replay for damaged journals: continues after missing entries and lists them. */
import type { EntryVisitor, DecodedAppend, DecodedRun, RoomState } from './entries.ts';
import { JournalReplay } from './journal-replay.ts';
import type { SegmentUsage } from './journal-room.ts';
import type { JournalRooms } from './journal-rooms.ts';

/** Consecutive entries of a room that should be in the journal and could not be read. */
export interface LostEntries {
  readonly room: string;
  readonly first: number;
  readonly last: number;
}

export class SalvageReplay implements EntryVisitor {
  private readonly rooms: JournalRooms;
  private readonly replay: JournalReplay;
  private readonly missing: LostEntries[] = [];

  constructor(rooms: JournalRooms, trimmedUpTo: (room: string) => number) {
    this.rooms = rooms;
    this.replay = new JournalReplay(rooms, trimmedUpTo);
  }

  beginSegment(segment: SegmentUsage): void {
    this.replay.beginSegment(segment);
  }

  endCommit(): void {
    this.replay.endCommit();
  }

  /** The missing entries that are not trimmed. */
  lostEntries(): readonly LostEntries[] {
    return this.missing.flatMap(({ room: name, first, last }) => {
      const room = this.rooms.get(name);
      const from = Math.max(first, (room?.trimmed ?? last) + 1);
      return from <= last ? [{ room: name, first: from, last }] : [];
    });
  }

  snapshot(): boolean {
    return this.replay.snapshot();
  }

  room(name: string, state: RoomState): boolean {
    this.recordGap(name, state.seq);
    return this.replay.room(name, state);
  }

  fence(name: string, state: RoomState): boolean {
    this.recordGap(name, state.trimmed === state.seq ? 0 : state.seq);
    return this.replay.fence(name, state);
  }

  append(name: string, entry: DecodedAppend): boolean {
    const room = this.rooms.getOrCreate(name);
    const { epoch, prevSeq, lastSeq } = entry;
    // Invalid: the room already has these entries.
    if (lastSeq <= room.seq && room.epoch >= epoch) return false;
    this.recordGap(name, prevSeq);
    room.epoch = epoch;
    room.seq = prevSeq;
    return this.replay.append(name, entry);
  }

  trim(name: string, upto: number): boolean {
    return this.replay.trim(name, upto);
  }

  moved(name: string, run: DecodedRun): boolean {
    const room = this.rooms.get(name);
    if (!room) return true;
    // Compaction wrote these entries again, so they are not lost although an older segment lacks them.
    const at = this.missing.findIndex(
      (lost) => lost.room === name && lost.first <= run.prevSeq + 1 && run.lastSeq <= lost.last,
    );
    const lost = this.missing[at];
    if (lost) {
      const before = { room: name, first: lost.first, last: run.prevSeq };
      const after = { room: name, first: run.lastSeq + 1, last: lost.last };
      this.missing.splice(at, 1, ...[before, after].filter(({ first, last }) => first <= last));
    }
    return this.replay.moved(name, run);
  }

  /** Entries up to `seq` must have been read before this entry: records those that were not. */
  private recordGap(name: string, seq: number): void {
    const head = this.rooms.get(name)?.seq ?? 0;
    if (seq > head) this.missing.push({ room: name, first: head + 1, last: seq });
  }
}
