/** A replay that goes on where entries are missing, and remembers which. */
import type { EntryVisitor, ReadAppend, ReadRun, RoomMark } from './entries.ts';
import type { Lost } from './inspect.ts';
import { JournalReplay } from './journal-replay.ts';
import type { JournalRooms, SegmentUse } from './journal-rooms.ts';

export class SalvageReplay implements EntryVisitor {
  readonly #rooms: JournalRooms;
  readonly #replay: JournalReplay;
  readonly #missing: Lost[] = [];

  constructor(rooms: JournalRooms, keptAfter: (room: string) => number) {
    this.#rooms = rooms;
    this.#replay = new JournalReplay(rooms, keptAfter);
  }

  beginSegment(segment: SegmentUse): void {
    this.#replay.beginSegment(segment);
  }

  endCommit(): void {
    this.#replay.endCommit();
  }

  /** What is missing of the entries that are not trimmed. */
  lost(): readonly Lost[] {
    return this.#missing.flatMap(({ room: name, first, last }) => {
      const room = this.#rooms.get(name);
      const from = Math.max(first, (room?.trimmed ?? last) + 1);
      return from <= last ? [{ room: name, first: from, last }] : [];
    });
  }

  base(): boolean {
    return this.#replay.base();
  }

  room(name: string, mark: RoomMark): boolean {
    this.#lookBehind(name, mark.seq);
    return this.#replay.room(name, mark);
  }

  fence(name: string, mark: RoomMark): boolean {
    this.#lookBehind(name, mark.trimmed === mark.seq ? 0 : mark.seq);
    return this.#replay.fence(name, mark);
  }

  append(name: string, entry: ReadAppend): boolean {
    const room = this.#rooms.ensure(name);
    const { epoch, prevSeq, lastSeq } = entry;
    // Said again: a commit that came back behind damage.
    if (lastSeq <= room.seq && room.epoch >= epoch) return false;
    this.#lookBehind(name, prevSeq);
    room.epoch = epoch;
    room.seq = prevSeq;
    return this.#replay.append(name, entry);
  }

  trim(name: string, upto: number): boolean {
    return this.#replay.trim(name, upto);
  }

  moved(name: string, run: ReadRun): boolean {
    const room = this.#rooms.get(name);
    if (!room) return true;
    // What was missing is here again.
    const at = this.#missing.findIndex(
      (lost) => lost.room === name && lost.first <= run.prevSeq + 1 && run.lastSeq <= lost.last,
    );
    const lost = this.#missing[at];
    if (lost) {
      const before = { room: name, first: lost.first, last: run.prevSeq };
      const behind = { room: name, first: run.lastSeq + 1, last: lost.last };
      this.#missing.splice(at, 1, ...[before, behind].filter(({ first, last }) => first <= last));
    }
    return this.#replay.moved(name, run);
  }

  /** The log goes on behind `seq`: what it had not said before is missing. */
  #lookBehind(name: string, seq: number): void {
    const head = this.#rooms.get(name)?.seq ?? 0;
    if (seq > head) this.#missing.push({ room: name, first: head + 1, last: seq });
  }
}
