/**
 * Looks at a journal without changing it and without its lock, also while a process writes it: what
 * stands in each segment, what is damaged, and everything that can be read beside the damage.
 *
 * Unlike a start it goes on behind damage: at the next commit whose header holds. What the commits
 * between said is lost, and the gaps this leaves in rooms are told.
 */
import { type Disk, DiskError, type DiskReader } from './disk.ts';
import { EntryReader, type EntryVisitor } from './entries.ts';
import { SalvageReplay } from './salvage-replay.ts';
import { RoomNames } from './room-names.ts';
import { ReadAhead } from './read-ahead.ts';
import { JournalRooms } from './journal-rooms.ts';
import { type OpenedSegment, commitAt, nextCommitHeader, openSegment } from './segment-scan.ts';
import { NOT_BEGUN, SECTOR, commitLength, segmentName, segmentNumber } from './segment.ts';

/** Bytes of a segment that cannot be read, or that do not fit to what stands before them. */
export interface Damage {
  readonly file: string;
  readonly from: number;
  /** The byte behind it; where the segment cannot be read any further, the end of the file. */
  readonly to: number;
  readonly what: string;
}

export interface SegmentReport {
  readonly file: string;
  readonly number: number;
  readonly state: 'whole' | 'last' | 'damaged' | 'prepared';
  /** Does a start read it? */
  readonly needed: boolean;
  readonly firstCommit: number;
  readonly commits: number;
  /** Rooms that the commits name. */
  readonly rooms: number;
  /** Behind the last commit that can be read. */
  readonly end: number;
  readonly fileBytes: number;
}

/** Entries that the journal must have and that could not be read. */
export interface Lost {
  readonly room: string;
  readonly first: number;
  readonly last: number;
}

export interface Inspection {
  readonly segments: readonly SegmentReport[];
  readonly damage: readonly Damage[];
  readonly lost: readonly Lost[];
  /** With the live entries of the rooms that `keep` named. */
  readonly rooms: JournalRooms;
}

/** Segments begun while the others were being read are looked at, too, up to so many. */
const LOOKS_MAX = 4;

/** `keep`: the records of these rooms stay in memory. Throws a DiskError when the disk cannot be read. */
export async function inspect(
  disk: Disk,
  directory: string,
  keep: (room: string) => boolean,
): Promise<Inspection> {
  const inspector = new Inspector(disk, directory, keep);
  for (let look = 0; look < LOOKS_MAX; look++) if (!(await inspector.readNew())) break;
  return inspector.done();
}

type Draft = { -readonly [K in keyof SegmentReport]: SegmentReport[K] };

class Inspector {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #rooms = new JournalRooms(() => 0);
  readonly #reader = new EntryReader(new RoomNames());
  readonly #lenient: SalvageReplay;
  readonly #segments: Draft[] = [];
  readonly #damage: Damage[] = [];
  /** What the last snapshot said: the oldest segment that a start reads. */
  #oldest = 0;

  constructor(disk: Disk, directory: string, keep: (room: string) => boolean) {
    this.#disk = disk;
    this.#directory = directory;
    this.#lenient = new SalvageReplay(this.#rooms, (room) => (keep(room) ? 0 : Number.POSITIVE_INFINITY));
  }

  /** Reads the segments that were not read yet; false = there were none. */
  async readNew(): Promise<boolean> {
    const known = this.#segments.at(-1)?.number ?? -1;
    const names = await this.#disk.list(this.#directory);
    const numbers = names.map(segmentNumber).filter((number) => number !== null && number > known);
    for (const number of numbers.toSorted((left, right) => (left ?? 0) - (right ?? 0))) {
      if (number !== null) await this.#readSegment(number);
    }
    return numbers.length > 0;
  }

  done(): Inspection {
    const begun = this.#segments.filter(({ state }) => state !== 'prepared');
    const last = begun.at(-1);
    if (last?.state === 'whole') last.state = 'last';
    for (const segment of begun) segment.needed = segment.number >= this.#oldest;
    return {
      segments: this.#segments,
      damage: this.#damage,
      lost: this.#lenient.lost(),
      rooms: this.#rooms,
    };
  }

  async #readSegment(number: number): Promise<void> {
    const file = `${this.#directory}/${segmentName(number)}`;
    const source = await this.#open(file);
    if (!source) return;
    try {
      const draft: Draft = {
        file,
        number,
        state: 'whole',
        needed: true,
        firstCommit: 0,
        commits: 0,
        rooms: 0,
        end: 0,
        fileBytes: await source.size(),
      };
      this.#segments.push(draft);
      const outcome = await openSegment(source);
      if (!outcome.ok) {
        const what =
          outcome.why === 'newer-format' ? 'written by a newer version' : 'the header of the segment is bad';
        this.#bad(draft, 0, draft.fileBytes, what);
        return;
      }
      const { header } = outcome.opened;
      draft.firstCommit = header.firstCommit;
      if (header.firstCommit === NOT_BEGUN) {
        draft.state = 'prepared';
        draft.needed = false;
        return;
      }
      if (header.number !== number) this.#bad(draft, 0, SECTOR, `this is segment ${header.number}`);
      this.#checkStart(draft);
      await this.#readCommits(draft, source, outcome.opened);
    } finally {
      await source.close();
    }
  }

  /** The segment before it must end where this one begins. */
  #checkStart(draft: Draft): void {
    const before = this.#segments.at(-2);
    if (before?.number !== draft.number - 1 || before.state !== 'whole') return;
    if (before.firstCommit + before.commits < draft.firstCommit) {
      this.#bad(before, before.end, before.fileBytes, 'commits are missing at the end');
    }
  }

  async #readCommits(draft: Draft, source: DiskReader, opened: OpenedSegment): Promise<void> {
    const { header } = opened;
    const named = new Set<string>();
    const visitor = this.#watching(named);
    this.#lenient.beginSegment(this.#rooms.segment(draft.number));
    let { window } = opened;
    let at = SECTOR;
    let next = header.firstCommit;
    let reread = false;
    let laterSeen = false;
    for (;;) {
      const payload = await commitAt(window, at, header.salt, next);
      if (payload) {
        if (!this.#reader.read(payload, visitor)) {
          this.#bad(draft, at, at + commitLength(payload.length), 'a commit says what cannot be');
        }
        this.#lenient.endCommit();
        at += commitLength(payload.length);
        draft.commits++;
        draft.end = at;
        next++;
        reread = laterSeen = false;
        continue;
      }
      const later = await nextCommitHeader(window, at, header, next);
      if (!later && reread) break;
      // It may have been in the making when it was read, but not when a later one was there.
      if (!later || !laterSeen) {
        reread = true;
        laterSeen = later !== null;
        window = await ReadAhead.of(source, at);
        continue;
      }
      this.#bad(draft, at, later.at, `commits ${next} to ${later.number - 1} cannot be read`);
      ({ at, number: next } = later);
      window = await ReadAhead.of(source, at);
    }
    if (draft.commits === 0 && draft.state === 'whole') {
      this.#bad(draft, SECTOR, draft.fileBytes, 'the first commit cannot be read');
    }
    draft.rooms = named.size;
  }

  #watching(named: Set<string>): EntryVisitor {
    const lenient = this.#lenient;
    return {
      base: (oldest) => ((this.#oldest = oldest), lenient.base()),
      fence: (room, mark) => (named.add(room), lenient.fence(room, mark)),
      append: (room, entry) => (named.add(room), lenient.append(room, entry)),
      trim: (room, upto) => (named.add(room), lenient.trim(room, upto)),
      moved: (room, run) => (named.add(room), lenient.moved(room, run)),
      room: (room, mark) => lenient.room(room, mark),
    };
  }

  #bad(draft: Draft, from: number, to: number, what: string): void {
    draft.state = 'damaged';
    this.#damage.push({ file: draft.file, from, to, what });
  }

  /** null = it was put aside since it was listed: nothing needs it. */
  async #open(file: string): Promise<DiskReader | null> {
    try {
      return await this.#disk.open(file);
    } catch (error) {
      if (error instanceof DiskError && error.fault === 'missing') return null;
      throw error;
    }
  }
}
