/**
 * Reads a journal's folder into memory: verifies everything that is still needed, skips nothing.
 *
 * The last segment is read first: it says which older ones are needed, and which of their entries
 * are trimmed by now and need not be kept. Then all that are needed are applied in order, while the
 * next ones are being read.
 */
import type { Disk, DiskReader } from './disk.ts';
import { EntryReader, type EntryVisitor } from './entries.ts';
import { RoomNames } from './room-names.ts';
import { JournalReplay } from './journal-replay.ts';
import { type JournalRooms, isWhole } from './journal-rooms.ts';
import { type OpenOutcome, openSegment, readSegmentHeader, scanSegment } from './segment-scan.ts';
import type { FoundSegment } from './segment-writer.ts';
import { NOT_BEGUN, segmentName, segmentNumber, spareName } from './segment.ts';

/** Segments whose first blocks are being read while another one is applied. */
const SEGMENTS_AHEAD = 2;

export type RecoveryOutcome =
  /** `last`: null when there is no journal yet. `spares`: names of files whose space can be used again. */
  | { readonly ok: true; readonly last: FoundSegment | null; readonly spares: readonly string[] }
  | {
      readonly ok: false;
      readonly code: 'journal-damaged' | 'journal-newer-format';
      readonly message: string;
    };

type Refusal = RecoveryOutcome & { readonly ok: false };

/** What recovering works on. */
interface Work {
  readonly disk: Disk;
  readonly directory: string;
  readonly rooms: JournalRooms;
  readonly reader: EntryReader;
}

interface Opened {
  readonly source: DiskReader;
  readonly outcome: OpenOutcome;
}

/** Fills `rooms`, which must be empty. What an interrupted start has left is removed. */
export async function recover(disk: Disk, directory: string, rooms: JournalRooms): Promise<RecoveryOutcome> {
  const names = await disk.list(directory);
  for (const name of names) if (name.endsWith('.new')) await disk.remove(`${directory}/${name}`);
  const spares = names.filter((name) => name.endsWith('.spare'));
  const numbers = names.map(segmentNumber).filter((number) => number !== null);
  numbers.sort((left, right) => left - right);
  const prepared = numbers.at(-1);
  if (prepared !== undefined && (await isPrepared(disk, `${directory}/${segmentName(prepared)}`))) {
    numbers.pop();
    const spare = spareName(prepared);
    await disk.rename(`${directory}/${segmentName(prepared)}`, `${directory}/${spare}`);
    if (!spares.includes(spare)) spares.push(spare);
  }
  const lastNumber = numbers.at(-1);
  if (lastNumber === undefined) return { ok: true, last: null, spares };
  for (const number of numbers) rooms.segment(number);
  const work = { disk, directory, rooms, reader: new EntryReader(new RoomNames()) };
  const latest = await readMarks(work, lastNumber);
  if (!latest.ok) return latest;
  const needed = numbers.filter((number) => number >= latest.oldest);
  const applied = await applyAll(work, needed, latest.trimmed);
  return applied.ok ? { ok: true, last: applied.last, spares } : applied;
}

interface Marks {
  readonly ok: true;
  /** The oldest segment that the last one's snapshot needs. */
  readonly oldest: number;
  /** By room: all entries up to there are trimmed. */
  readonly trimmed: ReadonlyMap<string, number>;
}

/** What the last segment says of the rooms, without their records. */
async function readMarks(work: Work, number: number): Promise<Marks | Refusal> {
  const trimmed = new Map<string, number>();
  let oldest = number;
  const place = (room: string, mark: { readonly trimmed: number }): boolean => {
    trimmed.set(room, mark.trimmed);
    return true;
  };
  const visitor: EntryVisitor = {
    base: (segment) => ((oldest = segment), true),
    room: place,
    fence: place,
    trim: (room, upto) => (trimmed.set(room, Math.max(upto, trimmed.get(room) ?? 0)), true),
    append: () => true,
    moved: () => true,
  };
  const { source, outcome } = await openNumber(work, number);
  try {
    const scan = outcome.ok
      ? await scanSegment(outcome.opened, null, (payload) => work.reader.read(payload, visitor))
      : { ...outcome, at: 0 };
    return scan.ok ? { ok: true, oldest, trimmed } : explained(scan, pathOf(work, number));
  } finally {
    await source.close();
  }
}

async function applyAll(
  work: Work,
  needed: readonly number[],
  trimmed: ReadonlyMap<string, number>,
): Promise<{ readonly ok: true; readonly last: FoundSegment } | Refusal> {
  const { rooms, directory } = work;
  // A room that the last segment does not know is forgotten by then.
  const replay = new JournalReplay(rooms, (room) => trimmed.get(room) ?? Number.POSITIVE_INFINITY);
  const opening: Promise<Opened>[] = [];
  const open = new Set<DiskReader>();
  const openUpTo = (count: number): void => {
    while (opening.length < Math.min(count, needed.length)) {
      const opened = openNumber(work, needed[opening.length]!);
      // A failure is met when its turn comes, or not at all.
      opened.then(
        ({ source }) => open.add(source),
        () => {},
      );
      opening.push(opened);
    }
  };
  let found: FoundSegment | null = null;
  try {
    for (const [index, number] of needed.entries()) {
      openUpTo(index + 1 + SEGMENTS_AHEAD);
      const { source, outcome } = await opening[index]!;
      if (!outcome.ok) return explained({ ...outcome, at: 0 }, pathOf(work, number));
      if (outcome.opened.header.number !== number) {
        return damaged(`${pathOf(work, number)} carries the number of another segment`);
      }
      const next = needed[index + 1] === number + 1 ? await opening[index + 1] : null;
      const ends = next?.outcome.ok ? next.outcome.opened.header.firstCommit : null;
      replay.beginSegment(rooms.segment(number));
      const scan = await scanSegment(
        outcome.opened,
        ends,
        (payload) => work.reader.read(payload, replay) && replay.endCommit(),
      );
      if (!scan.ok) return explained(scan, pathOf(work, number));
      open.delete(source);
      await source.close();
      found = scan;
    }
  } finally {
    // Those that were opened ahead of a refusal.
    await Promise.allSettled(opening);
    for (const source of open) await source.close();
  }
  if (!found) throw new Error('the last segment is always needed');
  const broken = [...rooms.all()].find((room) => !isWhole(room));
  return broken ? damaged(`${directory} lacks entries of room ${broken.name}`) : { ok: true, last: found };
}

async function openNumber(work: Work, number: number): Promise<Opened> {
  const source = await work.disk.open(pathOf(work, number));
  return { source, outcome: await openSegment(source) };
}

async function isPrepared(disk: Disk, path: string): Promise<boolean> {
  const source = await disk.open(path);
  try {
    return (await readSegmentHeader(source))?.firstCommit === NOT_BEGUN;
  } finally {
    await source.close();
  }
}

function pathOf({ directory }: Work, number: number): string {
  return `${directory}/${segmentName(number)}`;
}

function explained(
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
  return damaged(`${path} is damaged at byte ${at}`);
}

function damaged(what: string): Refusal {
  const help =
    'Nothing was changed. `escapement journal verify` lists all damage; restore the journal folder from a backup, ' +
    'or save what can be read with `escapement journal export --salvage` and move the folder away.';
  return { ok: false, code: 'journal-damaged', message: `${what}. ${help}` };
}
