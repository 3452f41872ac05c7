/**
 * Creates segment files in two steps. Preallocation: allocates the space and writes a header, under the segment's
 * name; slow, runs while commits are written. Activation: makes the first commit and its header durable; two writes.
 */
import { type Disk, DiskError, type DiskFile } from './disk.ts';
import {
  NOT_ACTIVE,
  SECTOR,
  type SegmentHeader,
  encodeSegmentHeader,
  finalizeCommit,
  segmentName,
  temporaryName,
} from './segment.ts';
import { type SpaceSource, catchMissing } from './segment-space.ts';

export interface SegmentDeps {
  readonly disk: Disk;
  readonly directory: string;
  readonly space: SpaceSource;
  /** Preallocation step. */
  readonly stepBytes: number;
  newSalt(): Uint8Array;
}

/** A payload at COMMIT_HEADER_BYTES of a buffer that also has space for the padding. */
export interface CommitPayload {
  readonly buffer: Uint8Array;
  readonly length: number;
}

export interface PreallocatedSegment {
  readonly file: DiskFile;
  /** `firstCommit` is NOT_ACTIVE. */
  readonly header: SegmentHeader;
  /** Allocated bytes of the file. */
  readonly allocated: number;
}

export interface ActiveSegment extends PreallocatedSegment {
  /** Offset after the last commit. */
  readonly end: number;
}

const ZEROS = new Uint8Array(256 * 1024);

/** Reuses a spare or creates a new file. 'full' = not enough space: nothing was created. */
export async function preallocateSegment(
  deps: SegmentDeps,
  number: number,
  boot: number,
): Promise<PreallocatedSegment | 'full'> {
  const { disk, directory } = deps;
  const temporary = `${directory}/${temporaryName(number)}`;
  const file = (await reuseSpare(deps, temporary)) ?? (await createFile(deps, temporary));
  if (file === 'full') return 'full';
  const header = { boot, number, firstCommit: NOT_ACTIVE, salt: deps.newSalt() };
  const path = `${directory}/${segmentName(number)}`;
  const written = await catchFull(file.writeDurably(0, encodeSegmentHeader(header)));
  if (written !== SECTOR || (await catchFull(disk.rename(temporary, path))) === 'full') {
    await file.close();
    await disk.remove(temporary);
    return 'full';
  }
  await disk.syncDirectory(directory);
  return { file, header, allocated: await alignedSize(file) };
}

/**
 * Writes `payload` as commit `firstCommit`, the first of the segment. 'full' = not enough space: the preallocated
 * segment was removed.
 */
export async function activateSegment(
  deps: SegmentDeps,
  preallocated: PreallocatedSegment,
  firstCommit: number,
  payload: CommitPayload,
): Promise<ActiveSegment | 'full'> {
  const { file } = preallocated;
  const header = { ...preallocated.header, firstCommit };
  const bytes = finalizeCommit(payload.buffer, header.salt, firstCommit, payload.length);
  const end = SECTOR + bytes.length;
  const allocated = await preallocate(deps, file, preallocated.allocated, end);
  if (
    allocated >= end &&
    (await writeAllDurably(file, SECTOR, bytes)) === end &&
    (await catchFull(file.writeDurably(0, encodeSegmentHeader(header)))) === SECTOR
  ) {
    return { file, header, allocated, end };
  }
  // The header may be written in part, so the segment may or may not be active: remove it.
  await file.close();
  await deps.disk.remove(`${deps.directory}/${segmentName(header.number)}`);
  await deps.disk.syncDirectory(deps.directory);
  return 'full';
}

/** Allocates the file up to `wanted` durably and returns the new end; lower if the disk is full. */
export async function preallocate(
  deps: SegmentDeps,
  file: DiskFile,
  allocated: number,
  wanted: number,
): Promise<number> {
  if (wanted <= allocated) return allocated;
  const allowed = await deps.space.available(wanted - allocated);
  const reached = await writeZeros(file, allocated, allocated + allowed);
  if (reached > allocated) await file.sync();
  return reached;
}

/** File size rounded down to a sector. */
export async function alignedSize(file: DiskFile): Promise<number> {
  const size = await file.size();
  return size - (size % SECTOR);
}

/** Writes `bytes` durably and returns the offset after them; lower if the disk is full. */
export async function writeAllDurably(file: DiskFile, at: number, bytes: Uint8Array): Promise<number> {
  return writeAll(at, bytes, (from, rest) => file.writeDurably(from, rest));
}

/** Returns 'full' instead of throwing that DiskError. */
export async function catchFull<T>(call: Promise<T>): Promise<T | 'full'> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DiskError && error.fault === 'full') return 'full';
    throw error;
  }
}

async function createFile(deps: SegmentDeps, path: string): Promise<DiskFile | 'full'> {
  // One step and the header's sector.
  const wanted = SECTOR + deps.stepBytes;
  if ((await deps.space.available(wanted)) < wanted) return 'full';
  const file = await catchFull(deps.disk.create(path));
  if (file === 'full') return 'full';
  if ((await writeZeros(file, 0, wanted)) === wanted) {
    await file.sync();
    return file;
  }
  await file.close();
  await deps.disk.remove(path);
  return 'full';
}

/** Renames a spare to `path` and opens it; null = none. */
async function reuseSpare({ disk, space }: SegmentDeps, path: string): Promise<DiskFile | 'full' | null> {
  for (let spare = space.takeSpare(); spare !== null; spare = space.takeSpare()) {
    const renamed = await catchFull(catchMissing(disk.rename(spare, path)));
    if (renamed === 'full') return 'full';
    if (renamed !== 'missing') return disk.reopen(path);
  }
  return null;
}

/** Writes zeros into the page cache and returns the offset after them; lower than `to` if the disk is full. */
async function writeZeros(file: DiskFile, from: number, to: number): Promise<number> {
  let at = from;
  while (at < to) {
    const wanted = Math.min(ZEROS.length, to - at);
    const end = await writeAll(at, ZEROS.subarray(0, wanted), (start, rest) => file.write(start, rest));
    if (end < at + wanted) return end;
    at = end;
  }
  return at;
}

async function writeAll(
  at: number,
  bytes: Uint8Array,
  write: (at: number, bytes: Uint8Array) => Promise<number>,
): Promise<number> {
  let written = 0;
  while (written < bytes.length) {
    const count = await catchFull(write(at + written, bytes.subarray(written)));
    if (count === 'full' || count === 0) break;
    written += count;
  }
  return at + written;
}
