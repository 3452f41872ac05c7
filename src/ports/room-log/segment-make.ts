/** Makes segment files: whole and durable under their name, or not there at all. */
import { type Disk, DiskError, type DiskFile } from './disk.ts';
import { SECTOR, type SegmentHeader, encodeSegmentHeader, segmentName, unfinishedName } from './segment.ts';

export interface MadeSegment {
  readonly file: DiskFile;
  readonly header: SegmentHeader;
  /** Behind the last commit. */
  readonly end: number;
  /** Up to here the file holds zeros, durably. */
  readonly allocated: number;
}

const ZEROS = new Uint8Array(256 * 1024);

/**
 * `fill` writes the commits from the first sector on and answers where they end. Answers 'full' for
 * want of space: then nothing was made.
 */
export async function makeSegment(
  disk: Disk,
  directory: string,
  header: SegmentHeader,
  stepBytes: number,
  fill: (file: DiskFile) => Promise<number | 'full'>,
): Promise<MadeSegment | 'full'> {
  const unfinished = `${directory}/${unfinishedName(header.number)}`;
  const file = await unlessFull(disk.create(unfinished));
  if (file === 'full') return 'full';
  const made = await fillSegment(file, header, stepBytes, fill);
  if (made !== 'full') {
    const path = `${directory}/${segmentName(header.number)}`;
    if ((await unlessFull(disk.rename(unfinished, path))) !== 'full') {
      await disk.syncDirectory(directory);
      return made;
    }
  }
  await file.close();
  await disk.remove(unfinished);
  return 'full';
}

async function fillSegment(
  file: DiskFile,
  header: SegmentHeader,
  stepBytes: number,
  fill: (file: DiskFile) => Promise<number | 'full'>,
): Promise<MadeSegment | 'full'> {
  if ((await putAll(file, 0, encodeSegmentHeader(header))) < SECTOR) return 'full';
  const end = await fill(file);
  if (end === 'full') return 'full';
  const allocated = end + stepBytes;
  if ((await putZeros(file, end, allocated)) < allocated) return 'full';
  await file.sync();
  return { file, header, end, allocated };
}

/** Writes `bytes` into the cache and answers where they end: earlier if the disk is full. */
export async function putAll(file: DiskFile, at: number, bytes: Uint8Array): Promise<number> {
  let written = 0;
  while (written < bytes.length) {
    const taken = await unlessFull(file.write(at + written, bytes.subarray(written)));
    if (taken === 'full' || taken === 0) break;
    written += taken;
  }
  return at + written;
}

/** Writes zeros up to `to` and answers how far they reach: less far if the disk is full. */
export async function putZeros(file: DiskFile, from: number, to: number): Promise<number> {
  let at = from;
  while (at < to) {
    const wanted = Math.min(ZEROS.length, to - at);
    const end = await putAll(file, at, ZEROS.subarray(0, wanted));
    if (end < at + wanted) return end;
    at = end;
  }
  return at;
}

/** Want of space as a value; every other error is thrown on. */
export async function unlessFull<T>(call: Promise<T>): Promise<T | 'full'> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DiskError && error.fault === 'full') return 'full';
    throw error;
  }
}
