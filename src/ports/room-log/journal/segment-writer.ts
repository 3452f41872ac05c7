/**
 * Writes commits to the active segment, and rolls to the next segment when a commit would exceed `segmentBytes`.
 * Space in the segment and the next segment are preallocated in the background before they are needed; a commit waits
 * for that only if it was too slow. Calls must not overlap.
 *
 * 'full' = not written because the disk is full: the file is as it was after the last commit, durably. Any other
 * error is thrown: the state of the file is then unknown, and the writer must not be used again.
 */
import type { DiskFile } from './disk.ts';
import {
  type ActiveSegment,
  type CommitPayload,
  type PreallocatedSegment,
  type SegmentDeps,
  activateSegment,
  preallocate,
  preallocateSegment,
  writeAllDurably,
  catchFull,
  alignedSize,
} from './segment-create.ts';
import {
  SECTOR,
  type SegmentHeader,
  commitLength,
  encodeSegmentHeader,
  finalizeCommit,
  segmentName,
  spareName,
} from './segment.ts';
import type { SegmentSpace } from './segment-space.ts';

export type WriteOutcome = 'ok' | 'full';

export interface SegmentWriterDeps extends SegmentDeps {
  readonly space: SegmentSpace;
  /** Maximum segment size, unless a single commit is longer. */
  readonly segmentBytes: number;
  /** Payload of the first commit of segment `number`. */
  encodeSnapshot(number: number): CommitPayload;
}

/** The last segment, as read at start. */
export interface RecoveredSegment {
  readonly header: SegmentHeader;
  /** Offset of its last valid commit, and the offset after it. */
  readonly lastCommitAt: number;
  readonly end: number;
  readonly nextCommit: number;
}

export class SegmentWriter {
  private readonly deps: SegmentWriterDeps;
  private readonly reserveDeps: SegmentDeps;
  private file: DiskFile;
  private header: SegmentHeader;
  private end: number;
  private allocated: number;
  private nextCommit: number;
  private preallocated: PreallocatedSegment | null = null;
  /** Background work in progress. */
  private background: Promise<void> | null = null;
  /** Error of the background work; the next call throws it. */
  private backgroundFailure: { readonly error: unknown } | null = null;
  /** Offset from which background work may start; raised after it found the disk full. */
  private backgroundFrom = 0;

  private constructor(deps: SegmentWriterDeps, active: ActiveSegment, nextCommit: number) {
    this.deps = deps;
    this.reserveDeps = { ...deps, space: deps.space.includingReserve() };
    this.file = active.file;
    this.header = active.header;
    this.end = active.end;
    this.allocated = active.allocated;
    this.nextCommit = nextCommit;
  }

  /** The first segment of a new journal. */
  static async create(deps: SegmentWriterDeps): Promise<SegmentWriter | 'full'> {
    const preallocated = await preallocateSegment(deps, 1, 1);
    if (preallocated === 'full') return 'full';
    const active = await activateSegment(deps, preallocated, 1, deps.encodeSnapshot(1));
    return active === 'full' ? 'full' : new SegmentWriter(deps, active, 2);
  }

  /** Continues after the last commit of `recovered` and makes that one durable. */
  static async resume(deps: SegmentWriterDeps, recovered: RecoveredSegment): Promise<SegmentWriter | 'full'> {
    const { lastCommitAt, end } = recovered;
    const file = await deps.disk.reopen(`${deps.directory}/${segmentName(recovered.header.number)}`);
    const header = { ...recovered.header, boot: recovered.header.boot + 1 };
    // The file may end before the commit's padding.
    const last = new Uint8Array(end - lastCommitAt);
    last.set(await file.read(lastCommitAt, end - lastCommitAt));
    const isWritten =
      (await writeAllDurably(file, lastCommitAt, last)) === end &&
      (await clearSector(file, end)) &&
      (await writeAllDurably(file, 0, encodeSegmentHeader(header))) === SECTOR;
    if (!isWritten) {
      await file.close();
      return 'full';
    }
    // Makes the file's length and name durable.
    await file.sync();
    await deps.disk.syncDirectory(deps.directory);
    const active = { file, header, end, allocated: await alignedSize(file) };
    return new SegmentWriter(deps, active, recovered.nextCommit);
  }

  get boot(): number {
    return this.header.boot;
  }

  /** Number of the active segment. */
  get segment(): number {
    return this.header.number;
  }

  /** Allocates space for a commit with this payload length. */
  async ensureSpace(payloadLength: number): Promise<WriteOutcome> {
    const length = commitLength(payloadLength);
    await this.awaitBackground();
    const holdsSnapshotOnly = this.nextCommit === this.header.firstCommit + 1;
    if (this.end + length > this.deps.segmentBytes && !holdsSnapshotOnly) {
      if ((await this.roll(this.deps)) === 'full') return 'full';
    }
    const end = this.end + length;
    if (end > this.allocated) {
      this.allocated = await preallocate(this.deps, this.file, this.allocated, this.allocationEnd(end));
    }
    // Less than a full step is enough if the commit fits.
    return end <= this.allocated ? 'ok' : 'full';
  }

  /**
   * Writes one commit; it is durable when this resolves with 'ok'. If there is space, the write has been passed to
   * the disk when this returns, so the caller can work while the disk writes.
   */
  write(payload: CommitPayload): Promise<WriteOutcome> {
    const end = this.end + commitLength(payload.length);
    const fits = end <= this.allocated && end <= this.deps.segmentBytes && !this.backgroundFailure;
    return fits ? this.writeCommit(payload) : this.ensureSpaceAndWrite(payload);
  }

  /** A preallocated segment becomes a spare. */
  async close(): Promise<void> {
    // Errors of background work no longer matter: nothing will be written.
    await this.background;
    await this.file.close();
    const next = this.preallocated;
    if (!next) return;
    const { disk, directory } = this.deps;
    const { number } = next.header;
    await next.file.close();
    const spare = `${directory}/${spareName(number)}`;
    await catchFull(disk.rename(`${directory}/${segmentName(number)}`, spare));
    await disk.syncDirectory(directory);
  }

  /**
   * Writes a commit of trims only, which lead to free segments: always into the active segment, and with space from
   * the reserve if needed.
   */
  async writeTrims(payload: CommitPayload): Promise<WriteOutcome> {
    await this.awaitBackground();
    const end = this.end + commitLength(payload.length);
    if (end > this.allocated) {
      this.allocated = await preallocate(this.reserveDeps, this.file, this.allocated, end);
    }
    return end <= this.allocated ? this.writeCommit(payload) : 'full';
  }

  /**
   * Rolls before the active segment is full, so that its space becomes free; uses space from the reserve if needed.
   * 'full' also if the active segment is not longer than a new one.
   */
  async rollWithReserve(): Promise<WriteOutcome> {
    await this.awaitBackground();
    if (this.allocated <= SECTOR + this.deps.stepBytes) return 'full';
    return this.roll(this.reserveDeps);
  }

  private async ensureSpaceAndWrite(payload: CommitPayload): Promise<WriteOutcome> {
    return (await this.ensureSpace(payload.length)) === 'full' ? 'full' : this.writeCommit(payload);
  }

  private async writeCommit(payload: CommitPayload): Promise<WriteOutcome> {
    const bytes = finalizeCommit(payload.buffer, this.header.salt, this.nextCommit, payload.length);
    const written = await catchFull(this.file.writeDurably(this.end, bytes));
    if (written !== bytes.length) {
      await this.truncateToEnd();
      return 'full';
    }
    this.end += bytes.length;
    this.nextCommit++;
    if (!this.background) this.startBackground();
    return 'ok';
  }

  /** Removes a partly written commit; must be durable before the commit is reported as refused. */
  private async truncateToEnd(): Promise<void> {
    await this.awaitBackground();
    await this.file.truncate(this.end);
    await this.file.sync();
    this.allocated = this.end;
  }

  /** Starts preallocation if it will be needed soon. */
  private startBackground(): void {
    const { segmentBytes, stepBytes } = this.deps;
    if (this.end < this.backgroundFrom || this.backgroundFailure) return;
    const isLow = this.allocated - this.end < stepBytes / 2 && this.allocated < segmentBytes;
    if (!isLow && (this.preallocated || this.end < segmentBytes / 2)) return;
    this.background = (isLow ? this.extendFile() : this.preallocateNext())
      .catch((error: unknown) => void (this.backgroundFailure = { error }))
      .finally(() => (this.background = null));
  }

  private async extendFile(): Promise<void> {
    const wanted = this.allocationEnd(this.end);
    const reached = await preallocate(this.deps, this.file, this.allocated, wanted);
    if (reached < wanted) this.backgroundFrom = this.end + this.deps.stepBytes / 2;
    this.allocated = reached;
  }

  private async preallocateNext(): Promise<void> {
    const next = await preallocateSegment(this.deps, this.segment + 1, this.boot);
    if (next === 'full') this.backgroundFrom = this.end + this.deps.stepBytes / 2;
    else this.preallocated = next;
  }

  private async awaitBackground(): Promise<void> {
    if (this.background) await this.background;
    if (this.backgroundFailure) throw this.backgroundFailure.error;
  }

  private async roll(deps: SegmentDeps): Promise<WriteOutcome> {
    const number = this.segment + 1;
    const next = this.preallocated ?? (await preallocateSegment(deps, number, this.boot));
    this.preallocated = null;
    if (next === 'full') return 'full';
    const active = await activateSegment(deps, next, this.nextCommit, this.deps.encodeSnapshot(number));
    if (active === 'full') return 'full';
    const old = this.file;
    this.file = active.file;
    this.header = active.header;
    this.end = active.end;
    this.allocated = active.allocated;
    this.nextCommit++;
    this.backgroundFrom = 0;
    await old.close();
    return 'ok';
  }

  /** End of the allocation step that covers `end`. */
  private allocationEnd(end: number): number {
    const { segmentBytes, stepBytes } = this.deps;
    return Math.max(Math.min(this.allocated + stepBytes, segmentBytes), end);
  }
}

/** Clears the header of a torn commit after the last one, so that it cannot be read later. */
async function clearSector(file: DiskFile, at: number): Promise<boolean> {
  const length = Math.min(SECTOR, Math.max(0, (await file.size()) - at));
  return (await writeAllDurably(file, at, new Uint8Array(length))) === at + length;
}
