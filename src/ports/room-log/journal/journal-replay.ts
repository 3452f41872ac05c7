/** Applies the entries of segments to rooms, in order, refusing what the journal would never have written. */
import { type EntryVisitor, type ReadAppend, type ReadRun, type RoomMark, isRoomName } from './entries.ts';
import type { CommitPlace, JournalRooms, SegmentUse } from './journal-rooms.ts';
import { StoredRun } from './stored-run.ts';

export class JournalReplay implements EntryVisitor {
  readonly #rooms: JournalRooms;
  readonly #keptAfter: (room: string) => number;
  #place: CommitPlace;
  #listed: Set<string> | null = null;

  /** `keptAfter`: entries of the room up to there need not be kept, they are known to be trimmed later. */
  constructor(rooms: JournalRooms, keptAfter: (room: string) => number) {
    this.#rooms = rooms;
    this.#keptAfter = keptAfter;
    this.#place = { segment: rooms.segment(0), at: 0 };
    rooms.forgetSegment(0);
  }

  beginSegment(segment: SegmentUse): void {
    this.#place = { segment, at: 0 };
  }

  /** After each commit. */
  endCommit(): boolean {
    // Rooms that the snapshot does not list had been forgotten.
    const listed = this.#listed;
    if (listed) for (const room of this.#rooms.all()) if (!listed.has(room.name)) this.#rooms.remove(room);
    this.#listed = null;
    return true;
  }

  base(): boolean {
    this.#listed = new Set();
    return true;
  }

  room(name: string, mark: RoomMark): boolean {
    if (!this.#listed || !isRoomName(name)) return false;
    this.#listed.add(name);
    this.#rooms.place(this.#rooms.ensure(name), mark);
    return true;
  }

  fence(name: string, mark: RoomMark): boolean {
    if (!isRoomName(name)) return false;
    this.#rooms.place(this.#rooms.ensure(name), mark);
    return true;
  }

  append(name: string, entry: ReadAppend): boolean {
    const room = this.#rooms.get(name);
    if (!room || room.epoch !== entry.epoch || room.seq !== entry.prevSeq) return false;
    room.seq = entry.lastSeq;
    room.ms = entry.lastMs;
    if (entry.lastSeq > this.#keptAfter(name)) {
      this.#rooms.addRun(room, this.#stored(entry));
    }
    return true;
  }

  moved(name: string, run: ReadRun): boolean {
    const room = this.#rooms.get(name);
    if (!room || run.lastSeq > room.seq) return false;
    if (run.lastSeq <= Math.max(room.trimmed, this.#keptAfter(name))) return true;
    return this.#rooms.moveRun(room, this.#stored(run));
  }

  trim(name: string, upto: number): boolean {
    const room = this.#rooms.get(name);
    if (room) this.#rooms.trim(room, Math.min(upto, room.seq));
    return true;
  }

  #stored(run: ReadRun): StoredRun {
    return new StoredRun(run.prevSeq + 1, run.lastSeq, kept(run), this.#place);
  }
}

/** A copy: what was read is a window on the file, which is large. */
function kept({ payload, start, end }: ReadRun): Uint8Array {
  const records = new Uint8Array(end - start);
  payload.copy(records, 0, start, end);
  return records;
}
