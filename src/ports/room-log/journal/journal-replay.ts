/** Replays the entries of segments, in order, into rooms. Methods return false for an entry that cannot be valid. */
import {
  type EntryVisitor,
  type DecodedAppend,
  type DecodedRun,
  type RoomState,
  isRoomName,
} from './entries.ts';
import { type CommitLocation, type SegmentUsage, StoredRun } from './journal-room.ts';
import type { JournalRooms } from './journal-rooms.ts';

export class JournalReplay implements EntryVisitor {
  private readonly rooms: JournalRooms;
  private readonly trimmedUpTo: (room: string) => number;
  private location: CommitLocation;
  /** Rooms listed so far by the current commit's snapshot; null = the commit has none. */
  private snapshotRooms: Set<string> | null = null;

  /** `trimmedUpTo` returns the seq up to which a room's entries are trimmed later in the log: they are skipped. */
  constructor(rooms: JournalRooms, trimmedUpTo: (room: string) => number) {
    this.rooms = rooms;
    this.trimmedUpTo = trimmedUpTo;
    this.location = { segment: rooms.usageOf(0), at: 0 };
    rooms.removeSegment(0);
  }

  beginSegment(segment: SegmentUsage): void {
    this.location = { segment, at: 0 };
  }

  /** Must be called after each commit. */
  endCommit(): boolean {
    // Rooms that the snapshot does not list were removed before it.
    const listed = this.snapshotRooms;
    if (listed) for (const room of this.rooms.all()) if (!listed.has(room.name)) this.rooms.remove(room);
    this.snapshotRooms = null;
    return true;
  }

  snapshot(): boolean {
    this.snapshotRooms = new Set();
    return true;
  }

  room(name: string, state: RoomState): boolean {
    if (!this.snapshotRooms || !isRoomName(name)) return false;
    this.snapshotRooms.add(name);
    this.rooms.setState(this.rooms.getOrCreate(name), state);
    return true;
  }

  fence(name: string, state: RoomState): boolean {
    if (!isRoomName(name)) return false;
    this.rooms.setState(this.rooms.getOrCreate(name), state);
    return true;
  }

  append(name: string, entry: DecodedAppend): boolean {
    const room = this.rooms.get(name);
    if (!room || room.epoch !== entry.epoch || room.seq !== entry.prevSeq) return false;
    room.seq = entry.lastSeq;
    room.ms = entry.lastMs;
    if (entry.lastSeq > this.trimmedUpTo(name)) {
      this.rooms.addRun(room, this.toStoredRun(entry));
    }
    return true;
  }

  moved(name: string, run: DecodedRun): boolean {
    const room = this.rooms.get(name);
    if (!room || run.lastSeq > room.seq) return false;
    if (run.lastSeq <= Math.max(room.trimmed, this.trimmedUpTo(name))) return true;
    return this.rooms.moveRun(room, this.toStoredRun(run));
  }

  trim(name: string, upto: number): boolean {
    const room = this.rooms.get(name);
    if (room) this.rooms.trim(room, Math.min(upto, room.seq));
    return true;
  }

  private toStoredRun(run: DecodedRun): StoredRun {
    return new StoredRun(run.prevSeq + 1, run.lastSeq, copyRecords(run), this.location);
  }
}

/** A copy, because the payload is a view of a large read buffer. */
function copyRecords({ payload, start, end }: DecodedRun): Uint8Array {
  const records = new Uint8Array(end - start);
  payload.copy(records, 0, start, end);
  return records;
}
