/** Reads a journal's folder into memory: verifies everything that is still needed, skips nothing. */
import type { Disk, DiskReader } from './disk.ts';
import { type AppendMark, type EntryVisitor, type RoomMark, isRoomName, readEntries } from './entries.ts';
import { type CommitPlace, type Rooms, isWhole } from './rooms.ts';
import { type ScanOutcome, readSegmentHeader, scanSegment } from './segment-scan.ts';
import type { FoundSegment } from './segment-writer.ts';
import { segmentName, segmentNumber } from './segment.ts';

export type RecoveryOutcome =
  /** `last`: its source is open; null when there is no journal yet. */
  | { readonly ok: true; readonly last: FoundSegment | null }
  | {
      readonly ok: false;
      readonly code: 'journal-damaged' | 'journal-newer-format';
      readonly message: string;
    };

/** Fills `rooms`, which must be empty. Temporary files of an interrupted start are removed. */
export async function recover(disk: Disk, directory: string, rooms: Rooms): Promise<RecoveryOutcome> {
  const names = await disk.list(directory);
  for (const name of names) if (name.endsWith('.new')) await disk.remove(`${directory}/${name}`);
  const numbers = names.map(segmentNumber).filter((number) => number !== null);
  numbers.sort((left, right) => left - right);
  const lastNumber = numbers.at(-1);
  if (lastNumber === undefined) return { ok: true, last: null };
  for (const number of numbers) rooms.segment(number);

  const path = (number: number) => `${directory}/${segmentName(number)}`;
  const oldest = await withFile(disk, path(lastNumber), firstNeeded);
  const needed = numbers.filter((number) => number >= (oldest ?? lastNumber));
  let previous: { number: number; nextCommit: number } | null = null;
  for (const number of needed) {
    const source = await disk.open(path(number));
    const outcome = await readSegment(source, number, rooms);
    if (!outcome.ok) return explained(outcome, path(number));
    const { nextCommit, header } = outcome;
    if (
      header.number !== number ||
      (previous?.number === number - 1 && previous.nextCommit !== header.firstCommit)
    ) {
      return damaged(`${path(number)} does not go on where the segment before it ends`);
    }
    if (number === lastNumber) {
      const broken = [...rooms.all()].find((room) => !isWhole(room));
      if (!broken) return { ok: true, last: { ...outcome, source } };
      return damaged(`${directory} lacks entries of room ${broken.name}`);
    }
    await source.close();
    previous = { number, nextCommit };
  }
  throw new Error('the last segment is always needed');
}

async function readSegment(source: DiskReader, number: number, rooms: Rooms): Promise<ScanOutcome> {
  const replay = createReplay(rooms, { segment: rooms.segment(number), at: 0 });
  const outcome = await scanSegment(source, (payload) => {
    replay.beginCommit();
    return readEntries(payload, replay) && replay.endCommit();
  });
  // The first commit, the snapshot, was durable before the file got its name: it cannot be torn.
  if (outcome.ok && outcome.nextCommit === outcome.header.firstCommit) {
    return { ok: false, why: 'damaged', at: outcome.end };
  }
  return outcome;
}

/** The oldest segment that the snapshot at the beginning of this one needs; null = it has none. */
async function firstNeeded(source: DiskReader): Promise<number | null> {
  if (!(await readSegmentHeader(source))) return null;
  let oldest: number | null = null;
  const yes = () => true;
  // The first payload is enough; saying no to the second ends the reading.
  await scanSegment(source, (payload) => {
    if (oldest !== null) return false;
    const base = (segment: number) => ((oldest = segment), true);
    return readEntries(payload, { base, fence: yes, append: yes, trim: yes, room: yes });
  });
  return oldest;
}

interface Replay extends EntryVisitor {
  beginCommit(): void;
  endCommit(): boolean;
}

/** Applies entries to `rooms`, refusing what the journal would never have written. */
function createReplay(rooms: Rooms, place: CommitPlace): Replay {
  let listed: Set<string> | null = null;
  return {
    beginCommit() {
      listed = null;
    },
    endCommit() {
      // Rooms that the snapshot does not list had been forgotten.
      if (listed) for (const room of rooms.all()) if (!listed.has(room.name)) rooms.remove(room);
      return true;
    },
    base() {
      listed = new Set();
      return true;
    },
    room(name: string, mark: RoomMark) {
      if (!listed || !isRoomName(name)) return false;
      listed.add(name);
      rooms.place(rooms.ensure(name), mark);
      return true;
    },
    fence(name: string, mark: RoomMark) {
      if (!isRoomName(name)) return false;
      rooms.place(rooms.ensure(name), mark);
      return true;
    },
    append(name: string, entry: AppendMark) {
      const room = rooms.get(name);
      if (!room || room.epoch !== entry.epoch || room.seq !== entry.prevSeq) return false;
      rooms.addRun(room, {
        first: entry.prevSeq + 1,
        last: entry.lastSeq,
        // A copy: the bytes given are a window on the file, which is large.
        records: entry.records.slice(),
        place,
      });
      room.seq = entry.lastSeq;
      room.ms = entry.lastMs;
      return true;
    },
    trim(name: string, upto: number) {
      const room = rooms.get(name);
      if (room) rooms.trim(room, Math.min(upto, room.seq));
      return true;
    },
  };
}

async function withFile<T>(disk: Disk, path: string, use: (source: DiskReader) => Promise<T>): Promise<T> {
  const source = await disk.open(path);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

function explained(outcome: ScanOutcome & { ok: false }, path: string): RecoveryOutcome {
  if (outcome.why === 'newer-format') {
    return {
      ok: false,
      code: 'journal-newer-format',
      message: `${path} was written by a newer version of this program; start that version.`,
    };
  }
  return damaged(`${path} is damaged at byte ${outcome.at}`);
}

function damaged(what: string): RecoveryOutcome {
  const help =
    'Nothing was changed. Restore the journal folder from a backup, or move it away to start without it.';
  return { ok: false, code: 'journal-damaged', message: `${what}. ${help}` };
}
