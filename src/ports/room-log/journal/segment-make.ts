/**
 * Makes segment files in two steps. Prepared: the space is taken and the header is durable, under
 * the segment's name; this takes its time and goes on beside the commits. Begun: the first commit
 * and the header that counts it are durable; this takes two writes.
 */
import { type Disk, DiskError, type DiskFile } from './disk.ts';
import {
  NOT_BEGUN,
  SECTOR,
  type SegmentHeader,
  encodeSegmentHeader,
  sealCommit,
  segmentName,
  unfinishedName,
} from './segment.ts';
import { type SpaceSource, unlessMissing } from './segment-space.ts';

export interface SegmentPlace {
  readonly disk: Disk;
  readonly directory: string;
  readonly space: SpaceSource;
  /** Space is taken in steps of this. */
  readonly stepBytes: number;
  salt(): Uint8Array;
}

/** A payload that begins at COMMIT_HEADER_BYTES; the buffer has space for its padding, too. */
export interface Payload {
  readonly buffer: Uint8Array;
  readonly length: number;
}

export interface PreparedSegment {
  readonly file: DiskFile;
  /** Its `firstCommit` is NOT_BEGUN. */
  readonly header: SegmentHeader;
  /** So many bytes of the disk are the file's. */
  readonly allocated: number;
}

export interface BegunSegment extends PreparedSegment {
  /** Behind the last commit. */
  readonly end: number;
}

const ZEROS = new Uint8Array(256 * 1024);

/** Of a spare, or of new space; 'full' for want of it: then nothing was made. */
export async function prepareSegment(
  place: SegmentPlace,
  number: number,
  boot: number,
): Promise<PreparedSegment | 'full'> {
  const { disk, directory } = place;
  const unfinished = `${directory}/${unfinishedName(number)}`;
  const file = (await spareFile(place, unfinished)) ?? (await newFile(place, unfinished));
  if (file === 'full') return 'full';
  const header = { boot, number, firstCommit: NOT_BEGUN, salt: place.salt() };
  const path = `${directory}/${segmentName(number)}`;
  const written = await unlessFull(file.writeDurably(0, encodeSegmentHeader(header)));
  if (written !== SECTOR || (await unlessFull(disk.rename(unfinished, path))) === 'full') {
    await file.close();
    await disk.remove(unfinished);
    return 'full';
  }
  await disk.syncDirectory(directory);
  return { file, header, allocated: await wholeSize(file) };
}

/**
 * Makes `payload` the first commit, of number `firstCommit`. 'full' for want of space: then the
 * prepared segment is gone.
 */
export async function beginSegment(
  place: SegmentPlace,
  prepared: PreparedSegment,
  firstCommit: number,
  payload: Payload,
): Promise<BegunSegment | 'full'> {
  const { file } = prepared;
  const header = { ...prepared.header, firstCommit };
  const bytes = sealCommit(payload.buffer, header.salt, firstCommit, payload.length);
  const end = SECTOR + bytes.length;
  const allocated = await extend(place, file, prepared.allocated, end);
  if (
    allocated >= end &&
    (await putDurably(file, SECTOR, bytes)) === end &&
    (await unlessFull(file.writeDurably(0, encodeSegmentHeader(header)))) === SECTOR
  ) {
    return { file, header, allocated, end };
  }
  // Whether it counts as begun is not known of a header that was written in part.
  await file.close();
  await place.disk.remove(`${place.directory}/${segmentName(header.number)}`);
  await place.disk.syncDirectory(place.directory);
  return 'full';
}

/** Takes space up to `wanted`, durably; answers how far it reaches: less far if the disk is full. */
export async function extend(
  place: SegmentPlace,
  file: DiskFile,
  allocated: number,
  wanted: number,
): Promise<number> {
  if (wanted <= allocated) return allocated;
  const allowed = await place.space.allowed(wanted - allocated);
  const reached = await putZeros(file, allocated, allocated + allowed);
  if (reached > allocated) await file.sync();
  return reached;
}

/** A file that ends within a sector owns the sectors before that. */
export async function wholeSize(file: DiskFile): Promise<number> {
  const size = await file.size();
  return size - (size % SECTOR);
}

/** Writes `bytes` durably and answers where they end: earlier if the disk is full. */
export async function putDurably(file: DiskFile, at: number, bytes: Uint8Array): Promise<number> {
  return put(at, bytes, (from, rest) => file.writeDurably(from, rest));
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

async function newFile(place: SegmentPlace, path: string): Promise<DiskFile | 'full'> {
  // The header's sector comes on top of the step.
  const wanted = SECTOR + place.stepBytes;
  if ((await place.space.allowed(wanted)) < wanted) return 'full';
  const file = await unlessFull(place.disk.create(path));
  if (file === 'full') return 'full';
  if ((await putZeros(file, 0, wanted)) === wanted) {
    await file.sync();
    return file;
  }
  await file.close();
  await place.disk.remove(path);
  return 'full';
}

/** null = there is no spare. */
async function spareFile({ disk, space }: SegmentPlace, path: string): Promise<DiskFile | 'full' | null> {
  for (let spare = space.takeSpare(); spare !== null; spare = space.takeSpare()) {
    const renamed = await unlessFull(unlessMissing(disk.rename(spare, path)));
    if (renamed === 'full') return 'full';
    if (renamed !== 'missing') return disk.reopen(path);
  }
  return null;
}

/** Writes zeros into the cache up to `to` and answers how far they reach. */
async function putZeros(file: DiskFile, from: number, to: number): Promise<number> {
  let at = from;
  while (at < to) {
    const wanted = Math.min(ZEROS.length, to - at);
    const end = await put(at, ZEROS.subarray(0, wanted), (start, rest) => file.write(start, rest));
    if (end < at + wanted) return end;
    at = end;
  }
  return at;
}

async function put(
  at: number,
  bytes: Uint8Array,
  write: (at: number, bytes: Uint8Array) => Promise<number>,
): Promise<number> {
  let written = 0;
  while (written < bytes.length) {
    const taken = await unlessFull(write(at + written, bytes.subarray(written)));
    if (taken === 'full' || taken === 0) break;
    written += taken;
  }
  return at + written;
}
