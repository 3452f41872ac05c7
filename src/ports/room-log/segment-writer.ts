/**
 * The segment that is being written: takes space ahead, writes one commit after another, goes on
 * to the next segment when it is long enough. One call at a time.
 *
 * Answers 'full' when something was surely not written for want of space; then the file is again as
 * it was after the last commit, and that is durable. Any other error is thrown: nothing is known
 * about the file after it, and this writer must not be used again.
 */
import type { Disk, DiskReader } from './disk.ts';
import { type MadeSegment, makeSegment, putAll, putZeros, unlessFull } from './segment-make.ts';
import { SECTOR, type SegmentHeader, commitLength, sealCommit } from './segment.ts';

export type WriteOutcome = 'written' | 'full';

/** A payload that begins at COMMIT_HEADER_BYTES; the buffer has space for its padding, too. */
export interface Payload {
  readonly buffer: Uint8Array;
  readonly length: number;
}

export interface SegmentPlan {
  readonly disk: Disk;
  readonly directory: string;
  /** A segment that would grow longer is ended, unless the one commit alone is longer. */
  readonly segmentBytes: number;
  /** Space is taken in steps of this. */
  readonly stepBytes: number;
  /** The first commit of segment `number`. */
  snapshot(number: number): Payload;
  salt(): Uint8Array;
}

/** The last segment as it was found on the disk. */
export interface FoundSegment {
  readonly header: SegmentHeader;
  readonly end: number;
  readonly nextCommit: number;
  readonly source: DiskReader;
}

const COPY_BYTES = 1024 * 1024;

export class SegmentWriter {
  readonly #plan: SegmentPlan;
  #made: MadeSegment;
  #end: number;
  #allocated: number;
  #nextCommit: number;

  private constructor(plan: SegmentPlan, made: MadeSegment, nextCommit: number) {
    this.#plan = plan;
    this.#made = made;
    this.#end = made.end;
    this.#allocated = made.allocated;
    this.#nextCommit = nextCommit;
  }

  /** The first segment of a new journal. */
  static async first(plan: SegmentPlan): Promise<SegmentWriter | 'full'> {
    const made = await makeWithSnapshot(plan, { boot: 1, number: 1, firstCommit: 1, salt: plan.salt() });
    return made === 'full' ? 'full' : new SegmentWriter(plan, made, 2);
  }

  /** Goes on behind the last commit of `found`, in a copy that takes its place. */
  static async resumed(plan: SegmentPlan, found: FoundSegment): Promise<SegmentWriter | 'full'> {
    const header = { ...found.header, boot: found.header.boot + 1 };
    const made = await makeSegment(plan.disk, plan.directory, header, plan.stepBytes, async (file) => {
      for (let at = SECTOR; at < found.end; at += COPY_BYTES) {
        const bytes = await found.source.read(at, Math.min(COPY_BYTES, found.end - at));
        if ((await putAll(file, at, bytes)) < at + bytes.length) return 'full';
      }
      return found.end;
    });
    return made === 'full' ? 'full' : new SegmentWriter(plan, made, found.nextCommit);
  }

  get boot(): number {
    return this.#made.header.boot;
  }

  /** Number of the segment that commits go to now. */
  get segment(): number {
    return this.#made.header.number;
  }

  /** Takes the space for a commit of so many payload bytes. */
  async reserve(payloadLength: number): Promise<WriteOutcome> {
    const length = commitLength(payloadLength);
    const holdsSnapshotOnly = this.#nextCommit === this.#made.header.firstCommit + 1;
    if (this.#end + length > this.#plan.segmentBytes && !holdsSnapshotOnly) {
      if ((await this.#nextSegment()) === 'full') return 'full';
    }
    if (this.#end + length <= this.#allocated) return 'written';
    const target = Math.max(this.#allocated + this.#plan.stepBytes, this.#end + length);
    const reached = await putZeros(this.#made.file, this.#allocated, target);
    if (reached > this.#allocated) {
      await this.#made.file.sync();
      this.#allocated = reached;
    }
    // Less than a step is as good, if it is enough for now.
    return this.#end + length <= reached ? 'written' : 'full';
  }

  /**
   * Writes one commit; it is durable when this answers 'written'. Where there is space, the disk is
   * called before this returns: what the caller does next goes on beside it.
   */
  write(payload: Payload): Promise<WriteOutcome> {
    const end = this.#end + commitLength(payload.length);
    const fits = end <= this.#allocated && end <= this.#plan.segmentBytes;
    return fits ? this.#put(payload) : this.#reserveAndPut(payload);
  }

  async #reserveAndPut(payload: Payload): Promise<WriteOutcome> {
    return (await this.reserve(payload.length)) === 'full' ? 'full' : this.#put(payload);
  }

  async #put(payload: Payload): Promise<WriteOutcome> {
    const bytes = sealCommit(payload.buffer, this.#made.header.salt, this.#nextCommit, payload.length);
    const written = await unlessFull(this.#made.file.writeDurably(this.#end, bytes));
    if (written !== bytes.length) {
      await this.#cutBack();
      return 'full';
    }
    this.#end += bytes.length;
    this.#nextCommit++;
    return 'written';
  }

  close(): Promise<void> {
    return this.#made.file.close();
  }

  /** Part of a commit may stand behind the last one: it must be gone before anybody is told. */
  async #cutBack(): Promise<void> {
    await this.#made.file.truncate(this.#end);
    await this.#made.file.sync();
    this.#allocated = this.#end;
  }

  async #nextSegment(): Promise<WriteOutcome> {
    const made = await makeWithSnapshot(this.#plan, {
      boot: this.boot,
      number: this.segment + 1,
      firstCommit: this.#nextCommit,
      salt: this.#plan.salt(),
    });
    if (made === 'full') return 'full';
    const old = this.#made;
    this.#made = made;
    this.#end = made.end;
    this.#allocated = made.allocated;
    this.#nextCommit++;
    await old.file.close();
    return 'written';
  }
}

function makeWithSnapshot(plan: SegmentPlan, header: SegmentHeader): Promise<MadeSegment | 'full'> {
  return makeSegment(plan.disk, plan.directory, header, plan.stepBytes, async (file) => {
    const payload = plan.snapshot(header.number);
    const bytes = sealCommit(payload.buffer, header.salt, header.firstCommit, payload.length);
    const end = await putAll(file, SECTOR, bytes);
    return end < SECTOR + bytes.length ? 'full' : end;
  });
}
