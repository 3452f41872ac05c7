/**
 * Recovery: reads a journal's folder into memory and verifies every segment that is still needed.
 *
 * The last segment is read first: its snapshot names the oldest segment that is needed, and its entries show what is
 * trimmed by now and can be skipped. Then the needed segments are replayed in order, while the next ones are prefetched.
 */
import type { Disk, DiskReader } from './disk.ts';
import { EntryReader, type EntryVisitor } from './entries.ts';
import { RoomNames } from './room-names.ts';
import { JournalReplay } from './journal-replay.ts';
import { hasAllLiveEntries } from './journal-room.ts';
import type { JournalRooms } from './journal-rooms.ts';
import { type OpenSegmentOutcome, openSegment, readSegmentHeader, scanSegment } from './segment-scan.ts';
import type { RecoveredSegment } from './segment-writer.ts';
import { NOT_ACTIVE, segmentName, segmentNumber, spareName } from './segment.ts';

/** Segments opened ahead of the one that is replayed. */
const SEGMENTS_PREFETCHED = 2;

export type RecoveryOutcome =
  /** `last` is null for a new journal; `spares` are the file names of spares. */
  | { readonly ok: true; readonly last: RecoveredSegment | null; readonly spares: readonly string[] }
  | {
      readonly ok: false;
      readonly code: 'journal-damaged' | 'journal-newer-format';
      readonly message: string;
    };

type Refusal = RecoveryOutcome & { readonly ok: false };

export interface RecoveryDeps {
  readonly disk: Disk;
  readonly directory: string;
  /** Must be empty; recovery fills it. */
  readonly rooms: JournalRooms;
  /** Called after each read of a segment. */
  readonly onProgress: () => void;
}

interface Context extends RecoveryDeps {
  readonly reader: EntryReader;
}

interface OpenedFile {
  readonly source: DiskReader;
  readonly outcome: OpenSegmentOutcome;
}

/**
 * Also removes files that an interrupted start has left, and renames a last segment that was only preallocated to a
 * spare. A refused journal is not changed otherwise.
 */
export async function recover(deps: RecoveryDeps): Promise<RecoveryOutcome> {
  const { disk, directory, rooms } = deps;
  const names = await disk.list(directory);
  for (const name of names) if (name.endsWith('.new')) await disk.remove(`${directory}/${name}`);
  const spares = names.filter((name) => name.endsWith('.spare'));
  const numbers = names.map(segmentNumber).filter((number) => number !== null);
  numbers.sort((left, right) => left - right);
  const newest = numbers.at(-1);
  if (newest !== undefined && (await isPreallocated(disk, `${directory}/${segmentName(newest)}`))) {
    numbers.pop();
    const spare = spareName(newest);
    await disk.rename(`${directory}/${segmentName(newest)}`, `${directory}/${spare}`);
    if (!spares.includes(spare)) spares.push(spare);
  }
  const lastNumber = numbers.at(-1);
  if (lastNumber === undefined) return { ok: true, last: null, spares };
  for (const number of numbers) rooms.usageOf(number);
  const context: Context = { ...deps, reader: new EntryReader(new RoomNames()) };
  const summary = await readLastSegment(context, lastNumber);
  if (!summary.ok) return summary;
  const needed = numbers.filter((number) => number >= summary.oldestNeeded);
  const replayed = await replaySegments(context, needed, summary.trimmed);
  return replayed.ok ? { ok: true, last: replayed.last, spares } : replayed;
}

interface LastSegmentSummary {
  readonly ok: true;
  /** The oldest needed segment, from the snapshot. */
  readonly oldestNeeded: number;
  /** Room → seq up to which its entries are trimmed. */
  readonly trimmed: ReadonlyMap<string, number>;
}

async function readLastSegment(context: Context, number: number): Promise<LastSegmentSummary | Refusal> {
  const trimmed = new Map<string, number>();
  let oldestNeeded = number;
  const setTrimmed = (room: string, state: { readonly trimmed: number }): boolean => {
    trimmed.set(room, state.trimmed);
    return true;
  };
  const visitor: EntryVisitor = {
    snapshot: (oldestSegment) => ((oldestNeeded = oldestSegment), true),
    room: setTrimmed,
    fence: setTrimmed,
    trim: (room, upto) => (trimmed.set(room, Math.max(upto, trimmed.get(room) ?? 0)), true),
    append: () => true,
    moved: () => true,
  };
  const { source, outcome } = await openSegmentFile(context, number);
  try {
    const scan = outcome.ok
      ? await scanSegment(outcome.opened, null, (payload) => context.reader.read(payload, visitor))
      : { ...outcome, at: 0 };
    return scan.ok ? { ok: true, oldestNeeded, trimmed } : refusalOf(scan, pathOf(context, number));
  } finally {
    await source.close();
  }
}

async function replaySegments(
  context: Context,
  needed: readonly number[],
  trimmed: ReadonlyMap<string, number>,
): Promise<{ readonly ok: true; readonly last: RecoveredSegment } | Refusal> {
  const { rooms, directory } = context;
  // A room that the last segment does not list was removed: all of its entries are trimmed.
  const replay = new JournalReplay(rooms, (room) => trimmed.get(room) ?? Number.POSITIVE_INFINITY);
  const opening: Promise<OpenedFile>[] = [];
  const open = new Set<DiskReader>();
  const openUpTo = (count: number): void => {
    while (opening.length < Math.min(count, needed.length)) {
      const opened = openSegmentFile(context, needed[opening.length]!);
      // An error is thrown when this segment is replayed.
      opened.then(
        ({ source }) => open.add(source),
        () => {},
      );
      opening.push(opened);
    }
  };
  let last: RecoveredSegment | null = null;
  try {
    for (const [index, number] of needed.entries()) {
      openUpTo(index + 1 + SEGMENTS_PREFETCHED);
      const { source, outcome } = await opening[index]!;
      if (!outcome.ok) return refusalOf({ ...outcome, at: 0 }, pathOf(context, number));
      if (outcome.opened.header.number !== number) {
        return damageRefusal(`${pathOf(context, number)} has the number of another segment`);
      }
      const next = needed[index + 1] === number + 1 ? await opening[index + 1] : null;
      const nextFirstCommit = next?.outcome.ok ? next.outcome.opened.header.firstCommit : null;
      replay.beginSegment(rooms.usageOf(number));
      const scan = await scanSegment(
        outcome.opened,
        nextFirstCommit,
        (payload) => context.reader.read(payload, replay) && replay.endCommit(),
      );
      if (!scan.ok) return refusalOf(scan, pathOf(context, number));
      open.delete(source);
      await source.close();
      last = scan;
    }
  } finally {
    // After a refusal or an error, some prefetched files are still open.
    await Promise.allSettled(opening);
    for (const source of open) await source.close();
  }
  if (!last) throw new Error('the last segment is always needed');
  const incomplete = [...rooms.all()].find((room) => !hasAllLiveEntries(room));
  return incomplete
    ? damageRefusal(`${directory} lacks entries of room ${incomplete.name}`)
    : { ok: true, last };
}

async function openSegmentFile(context: Context, number: number): Promise<OpenedFile> {
  const source = withProgress(await context.disk.open(pathOf(context, number)), context.onProgress);
  return { source, outcome: await openSegment(source) };
}

function withProgress(file: DiskReader, onProgress: () => void): DiskReader {
  return {
    size: () => file.size(),
    async read(at, length) {
      const bytes = await file.read(at, length);
      onProgress();
      return bytes;
    },
    close: () => file.close(),
  };
}

async function isPreallocated(disk: Disk, path: string): Promise<boolean> {
  const source = await disk.open(path);
  try {
    return (await readSegmentHeader(source))?.firstCommit === NOT_ACTIVE;
  } finally {
    await source.close();
  }
}

function pathOf({ directory }: Context, number: number): string {
  return `${directory}/${segmentName(number)}`;
}

function refusalOf(
  { why, at }: { readonly why: 'damaged' | 'newer-format'; readonly at: number },
  path: string,
): Refusal {
  if (why === 'newer-format') {
    return {
      ok: false,
      code: 'journal-newer-format',
      message: `${path} was written by a newer version of this program; start that version.`,
    };
  }
  return damageRefusal(`${path} is damaged at byte ${at}`);
}

function damageRefusal(what: string): Refusal {
  const help =
    'Nothing was changed. `escapement journal verify` lists all damage; restore the journal folder from a backup, ' +
    'or save what can be read with `escapement journal export --salvage` and move the folder away.';
  return { ok: false, code: 'journal-damaged', message: `${what}. ${help}` };
}
