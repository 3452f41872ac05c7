/**
 * The segment that is being written: one commit after another, and on to the next segment when it
 * is long enough. Space within the segment is taken, and the next segment prepared, beside the
 * commits and before they are needed; only when that was too slow does a commit wait for it.
 * One call at a time.
 *
 * Answers 'full' when something was surely not written for want of space; then the file is again as
 * it was after the last commit, and that is durable. Any other error is thrown: nothing is known
 * about the file after it, and this writer must not be used again.
 */
import type { DiskFile } from './disk.ts';
import {
  type BegunSegment,
  type Payload,
  type PreparedSegment,
  type SegmentPlace,
  beginSegment,
  extend,
  prepareSegment,
  putDurably,
  unlessFull,
  wholeSize,
} from './segment-make.ts';
import {
  SECTOR,
  type SegmentHeader,
  commitLength,
  encodeSegmentHeader,
  sealCommit,
  segmentName,
  spareName,
} from './segment.ts';
import type { SegmentSpace } from './segment-space.ts';

export type WriteOutcome = 'written' | 'full';

export interface SegmentPlan extends SegmentPlace {
  readonly space: SegmentSpace;
  /** A segment that would grow longer is ended, unless the one commit alone is longer. */
  readonly segmentBytes: number;
  /** The first commit of segment `number`. */
  snapshot(number: number): Payload;
}

/** The last segment as it was found on the disk. */
export interface FoundSegment {
  readonly header: SegmentHeader;
  /** Where its last whole commit begins, and the byte behind it. */
  readonly lastAt: number;
  readonly end: number;
  readonly nextCommit: number;
}

export class SegmentWriter {
  readonly #plan: SegmentPlan;
  readonly #reservePlan: SegmentPlace;
  #file: DiskFile;
  #header: SegmentHeader;
  #end: number;
  #allocated: number;
  #nextCommit: number;
  #next: PreparedSegment | null = null;
  /** What goes on beside the commits. */
  #ahead: Promise<void> | null = null;
  /** What it failed with: the next call throws it. */
  #failure: { readonly error: unknown } | null = null;
  /** Nothing is done ahead before the segment has come so far: put off when the disk is full. */
  #aheadAt = 0;

  private constructor(plan: SegmentPlan, begun: BegunSegment, nextCommit: number) {
    this.#plan = plan;
    this.#reservePlan = { ...plan, space: plan.space.withReserve() };
    this.#file = begun.file;
    this.#header = begun.header;
    this.#end = begun.end;
    this.#allocated = begun.allocated;
    this.#nextCommit = nextCommit;
  }

  /** The first segment of a new journal. */
  static async first(plan: SegmentPlan): Promise<SegmentWriter | 'full'> {
    const prepared = await prepareSegment(plan, 1, 1);
    if (prepared === 'full') return 'full';
    const begun = await beginSegment(plan, prepared, 1, plan.snapshot(1));
    return begun === 'full' ? 'full' : new SegmentWriter(plan, begun, 2);
  }

  /** Goes on behind the last commit of `found`, which then is durable for sure. */
  static async resumed(plan: SegmentPlan, found: FoundSegment): Promise<SegmentWriter | 'full'> {
    const { lastAt, end } = found;
    const file = await plan.disk.reopen(`${plan.directory}/${segmentName(found.header.number)}`);
    const header = { ...found.header, boot: found.header.boot + 1 };
    // The filling behind it may be missing: it is written, too.
    const last = new Uint8Array(end - lastAt);
    last.set(await file.read(lastAt, end - lastAt));
    const written =
      (await putDurably(file, lastAt, last)) === end &&
      (await emptySector(file, end)) &&
      (await putDurably(file, 0, encodeSegmentHeader(header))) === SECTOR;
    if (!written) {
      await file.close();
      return 'full';
    }
    // The length, and the file's name.
    await file.sync();
    await plan.disk.syncDirectory(plan.directory);
    const begun = { file, header, end, allocated: await wholeSize(file) };
    return new SegmentWriter(plan, begun, found.nextCommit);
  }

  get boot(): number {
    return this.#header.boot;
  }

  /** Number of the segment that commits go to now. */
  get segment(): number {
    return this.#header.number;
  }

  /** Takes the space for a commit of so many payload bytes. */
  async reserve(payloadLength: number): Promise<WriteOutcome> {
    const length = commitLength(payloadLength);
    await this.#settled();
    const holdsSnapshotOnly = this.#nextCommit === this.#header.firstCommit + 1;
    if (this.#end + length > this.#plan.segmentBytes && !holdsSnapshotOnly) {
      if ((await this.#nextSegment(this.#plan)) === 'full') return 'full';
    }
    const end = this.#end + length;
    if (end > this.#allocated) {
      this.#allocated = await extend(this.#plan, this.#file, this.#allocated, this.#stepEnd(end));
    }
    // Less than a step is as good, if it is enough for now.
    return end <= this.#allocated ? 'written' : 'full';
  }

  /**
   * Writes one commit; it is durable when this answers 'written'. Where there is space, the disk is
   * called before this returns: what the caller does next goes on beside it.
   */
  write(payload: Payload): Promise<WriteOutcome> {
    const end = this.#end + commitLength(payload.length);
    const fits = end <= this.#allocated && end <= this.#plan.segmentBytes && !this.#failure;
    return fits ? this.#put(payload) : this.#reserveAndPut(payload);
  }

  /** A segment that is prepared and not begun becomes a spare. */
  async close(): Promise<void> {
    // What failed beside the commits no longer matters: nothing will be written.
    await this.#ahead;
    await this.#file.close();
    const next = this.#next;
    if (!next) return;
    const { disk, directory } = this.#plan;
    const { number } = next.header;
    await next.file.close();
    const spare = `${directory}/${spareName(number)}`;
    await unlessFull(disk.rename(`${directory}/${segmentName(number)}`, spare));
    await disk.syncDirectory(directory);
  }

  /**
   * Writes trims alone, which lead to more space: into the present segment, however long it is, and into
   * space of the reserve if there is no other.
   */
  async writeTrims(payload: Payload): Promise<WriteOutcome> {
    await this.#settled();
    const end = this.#end + commitLength(payload.length);
    if (end > this.#allocated) {
      this.#allocated = await extend(this.#reservePlan, this.#file, this.#allocated, end);
    }
    return end <= this.#allocated ? this.#put(payload) : 'full';
  }

  /**
   * Begins the next segment before its time, with space of the reserve if there is no other, so that the
   * present one becomes free. 'full' also if that one is no longer than a new one.
   */
  async leave(): Promise<WriteOutcome> {
    await this.#settled();
    if (this.#allocated <= SECTOR + this.#plan.stepBytes) return 'full';
    return this.#nextSegment(this.#reservePlan);
  }

  async #reserveAndPut(payload: Payload): Promise<WriteOutcome> {
    return (await this.reserve(payload.length)) === 'full' ? 'full' : this.#put(payload);
  }

  async #put(payload: Payload): Promise<WriteOutcome> {
    const bytes = sealCommit(payload.buffer, this.#header.salt, this.#nextCommit, payload.length);
    const written = await unlessFull(this.#file.writeDurably(this.#end, bytes));
    if (written !== bytes.length) {
      await this.#cutBack();
      return 'full';
    }
    this.#end += bytes.length;
    this.#nextCommit++;
    if (!this.#ahead) this.#workAhead();
    return 'written';
  }

  /** Part of a commit may stand behind the last one: it must be gone before anybody is told. */
  async #cutBack(): Promise<void> {
    await this.#settled();
    await this.#file.truncate(this.#end);
    await this.#file.sync();
    this.#allocated = this.#end;
  }

  /** Begins what should be ready before it is needed. */
  #workAhead(): void {
    const { segmentBytes, stepBytes } = this.#plan;
    if (this.#end < this.#aheadAt || this.#failure) return;
    const low = this.#allocated - this.#end < stepBytes / 2 && this.#allocated < segmentBytes;
    if (!low && (this.#next || this.#end < segmentBytes / 2)) return;
    this.#ahead = (low ? this.#stepAhead() : this.#prepareNext())
      .catch((error: unknown) => void (this.#failure = { error }))
      .finally(() => (this.#ahead = null));
  }

  async #stepAhead(): Promise<void> {
    const wanted = this.#stepEnd(this.#end);
    const reached = await extend(this.#plan, this.#file, this.#allocated, wanted);
    if (reached < wanted) this.#aheadAt = this.#end + this.#plan.stepBytes / 2;
    this.#allocated = reached;
  }

  async #prepareNext(): Promise<void> {
    const prepared = await prepareSegment(this.#plan, this.segment + 1, this.boot);
    if (prepared === 'full') this.#aheadAt = this.#end + this.#plan.stepBytes / 2;
    else this.#next = prepared;
  }

  async #settled(): Promise<void> {
    if (this.#ahead) await this.#ahead;
    if (this.#failure) throw this.#failure.error;
  }

  async #nextSegment(plan: SegmentPlace): Promise<WriteOutcome> {
    const number = this.segment + 1;
    const prepared = this.#next ?? (await prepareSegment(plan, number, this.boot));
    this.#next = null;
    if (prepared === 'full') return 'full';
    const begun = await beginSegment(plan, prepared, this.#nextCommit, this.#plan.snapshot(number));
    if (begun === 'full') return 'full';
    const old = this.#file;
    this.#file = begun.file;
    this.#header = begun.header;
    this.#end = begun.end;
    this.#allocated = begun.allocated;
    this.#nextCommit++;
    this.#aheadAt = 0;
    await old.close();
    return 'written';
  }

  /** Where the step ends that gives space up to `end`. */
  #stepEnd(end: number): number {
    const { segmentBytes, stepBytes } = this.#plan;
    return Math.max(Math.min(this.#allocated + stepBytes, segmentBytes), end);
  }
}

/** A torn commit behind the last one must not come back: nobody can read one without its header. */
async function emptySector(file: DiskFile, at: number): Promise<boolean> {
  const length = Math.min(SECTOR, Math.max(0, (await file.size()) - at));
  return (await putDurably(file, at, new Uint8Array(length))) === at + length;
}
