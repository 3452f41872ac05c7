/**
 * Reads a journal without changing or locking it, also while a process writes it: content and damage of each
 * segment, and all entries that can be read.
 *
 * Unlike recovery it continues after damage, at the next valid commit header. Entries of the commits between are
 * lost, and the gaps in rooms are reported.
 */
import { type Disk, DiskError, type DiskReader } from './disk.ts';
import { EntryReader, type EntryVisitor } from './entries.ts';
import { type LostEntries, SalvageReplay } from './salvage-replay.ts';
import { RoomNames } from './room-names.ts';
import { ReadAhead } from './read-ahead.ts';
import { JournalRooms } from './journal-rooms.ts';
import { type OpenedSegment, readCommit, findCommitHeader, openSegment } from './segment-scan.ts';
import { NOT_ACTIVE, SECTOR, commitLength, segmentName, segmentNumber } from './segment.ts';

/** Bytes of a segment that are invalid, or that contradict the entries before them. */
export interface Damage {
  readonly file: string;
  readonly from: number;
  /** Exclusive; the end of the file if no later commit header was found. */
  readonly to: number;
  readonly what: string;
}

export interface SegmentReport {
  readonly file: string;
  readonly number: number;
  readonly state: 'intact' | 'active' | 'damaged' | 'preallocated';
  /** Recovery reads it. */
  readonly needed: boolean;
  readonly firstCommit: number;
  readonly commits: number;
  /** Rooms with entries in it, not counting the snapshot. */
  readonly rooms: number;
  /** Offset after the last valid commit. */
  readonly end: number;
  readonly fileBytes: number;
}

export interface Inspection {
  readonly segments: readonly SegmentReport[];
  readonly damage: readonly Damage[];
  readonly lost: readonly LostEntries[];
  /** Live entries only of rooms for which `keep` returned true. */
  readonly rooms: JournalRooms;
}

/** The folder is listed again for segments created meanwhile, up to this many times. */
const PASSES_MAX = 4;

/** `keep` selects the rooms whose live entries are returned. Throws a DiskError if the disk cannot be read. */
export async function inspect(
  disk: Disk,
  directory: string,
  keep: (room: string) => boolean,
): Promise<Inspection> {
  const inspector = new Inspector(disk, directory, keep);
  for (let pass = 0; pass < PASSES_MAX; pass++) if (!(await inspector.readNewSegments())) break;
  return inspector.result();
}

type MutableReport = { -readonly [K in keyof SegmentReport]: SegmentReport[K] };

class Inspector {
  private readonly disk: Disk;
  private readonly directory: string;
  private readonly rooms = new JournalRooms(() => 0);
  private readonly reader = new EntryReader(new RoomNames());
  private readonly replay: SalvageReplay;
  private readonly segments: MutableReport[] = [];
  private readonly damage: Damage[] = [];
  /** Oldest segment that recovery reads, from the last snapshot. */
  private oldestNeeded = 0;

  constructor(disk: Disk, directory: string, keep: (room: string) => boolean) {
    this.disk = disk;
    this.directory = directory;
    this.replay = new SalvageReplay(this.rooms, (room) => (keep(room) ? 0 : Number.POSITIVE_INFINITY));
  }

  /** Reads segments that were not read yet; false = none. */
  async readNewSegments(): Promise<boolean> {
    const known = this.segments.at(-1)?.number ?? -1;
    const names = await this.disk.list(this.directory);
    const numbers = names.map(segmentNumber).filter((number) => number !== null && number > known);
    for (const number of numbers.toSorted((left, right) => (left ?? 0) - (right ?? 0))) {
      if (number !== null) await this.readSegment(number);
    }
    return numbers.length > 0;
  }

  result(): Inspection {
    const activated = this.segments.filter(({ state }) => state !== 'preallocated');
    const last = activated.at(-1);
    if (last?.state === 'intact') last.state = 'active';
    for (const segment of activated) segment.needed = segment.number >= this.oldestNeeded;
    return {
      segments: this.segments,
      damage: this.damage,
      lost: this.replay.lostEntries(),
      rooms: this.rooms,
    };
  }

  private async readSegment(number: number): Promise<void> {
    const file = `${this.directory}/${segmentName(number)}`;
    const source = await this.open(file);
    if (!source) return;
    try {
      const report: MutableReport = {
        file,
        number,
        state: 'intact',
        needed: true,
        firstCommit: 0,
        commits: 0,
        rooms: 0,
        end: 0,
        fileBytes: await source.size(),
      };
      this.segments.push(report);
      const outcome = await openSegment(source);
      if (!outcome.ok) {
        const what =
          outcome.why === 'newer-format' ? 'written by a newer version' : 'the segment header is invalid';
        this.reportDamage(report, 0, report.fileBytes, what);
        return;
      }
      const { header } = outcome.opened;
      report.firstCommit = header.firstCommit;
      if (header.firstCommit === NOT_ACTIVE) {
        report.state = 'preallocated';
        report.needed = false;
        return;
      }
      if (header.number !== number)
        this.reportDamage(report, 0, SECTOR, `the header has segment number ${header.number}`);
      this.checkPrevious(report);
      await this.readCommits(report, source, outcome.opened);
    } finally {
      await source.close();
    }
  }

  /** The previous segment must have all commits before this one's first. */
  private checkPrevious(report: MutableReport): void {
    const before = this.segments.at(-2);
    if (before?.number !== report.number - 1 || before.state !== 'intact') return;
    if (before.firstCommit + before.commits < report.firstCommit) {
      this.reportDamage(before, before.end, before.fileBytes, 'commits are missing at its end');
    }
  }

  private async readCommits(report: MutableReport, source: DiskReader, opened: OpenedSegment): Promise<void> {
    const { header } = opened;
    const named = new Set<string>();
    const visitor = this.createVisitor(named);
    this.replay.beginSegment(this.rooms.usageOf(report.number));
    let { readAhead } = opened;
    let at = SECTOR;
    let next = header.firstCommit;
    let isReread = false;
    let wasLaterSeen = false;
    for (;;) {
      const payload = await readCommit(readAhead, at, header.salt, next);
      if (payload) {
        if (!this.reader.read(payload, visitor)) {
          this.reportDamage(report, at, at + commitLength(payload.length), 'a commit has invalid entries');
        }
        this.replay.endCommit();
        at += commitLength(payload.length);
        report.commits++;
        report.end = at;
        next++;
        isReread = wasLaterSeen = false;
        continue;
      }
      const later = await findCommitHeader(readAhead, at, header, next);
      if (!later && isReread) break;
      // The commit may have been in progress when it was read. It is damaged only if it is still invalid in a read
      // that began after a later commit was there.
      if (!later || !wasLaterSeen) {
        isReread = true;
        wasLaterSeen = later !== null;
        readAhead = await ReadAhead.open(source, at);
        continue;
      }
      this.reportDamage(report, at, later.at, `commits ${next} to ${later.number - 1} cannot be read`);
      ({ at, number: next } = later);
      readAhead = await ReadAhead.open(source, at);
    }
    if (report.commits === 0 && report.state === 'intact') {
      this.reportDamage(report, SECTOR, report.fileBytes, 'the first commit cannot be read');
    }
    report.rooms = named.size;
  }

  /** Replays entries and collects the names of their rooms. */
  private createVisitor(named: Set<string>): EntryVisitor {
    const { replay } = this;
    return {
      snapshot: (oldestSegment) => ((this.oldestNeeded = oldestSegment), replay.snapshot()),
      fence: (room, state) => (named.add(room), replay.fence(room, state)),
      append: (room, entry) => (named.add(room), replay.append(room, entry)),
      trim: (room, upto) => (named.add(room), replay.trim(room, upto)),
      moved: (room, run) => (named.add(room), replay.moved(room, run)),
      room: (room, state) => replay.room(room, state),
    };
  }

  private reportDamage(report: MutableReport, from: number, to: number, what: string): void {
    report.state = 'damaged';
    this.damage.push({ file: report.file, from, to, what });
  }

  /** null = it was recycled or removed since the folder was listed: not needed. */
  private async open(file: string): Promise<DiskReader | null> {
    try {
      return await this.disk.open(file);
    } catch (error) {
      if (error instanceof DiskError && error.fault === 'missing') return null;
      throw error;
    }
  }
}
