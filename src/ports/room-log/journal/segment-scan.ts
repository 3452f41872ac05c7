/** Reads a segment file commit by commit and distinguishes a torn write at its end from damage. */
import type { DiskReader } from './disk.ts';
import { ReadAhead } from './read-ahead.ts';
import {
  COMMIT_HEADER_BYTES,
  SECTOR,
  type SegmentHeader,
  commitLength,
  decodeCommitHeader,
  decodeSegmentHeader,
  isPayloadValid,
} from './segment.ts';

export type ScanOutcome =
  | {
      readonly ok: true;
      readonly header: SegmentHeader;
      /** Offset of the last valid commit. */
      readonly lastCommitAt: number;
      /** Offset after the last valid commit. */
      readonly end: number;
      /** Number of the next commit. */
      readonly nextCommit: number;
    }
  | { readonly ok: false; readonly why: 'damaged' | 'newer-format'; readonly at: number };

/** A segment file whose first blocks are being read. */
export interface OpenedSegment {
  readonly header: SegmentHeader;
  readonly readAhead: ReadAhead;
}

export type OpenSegmentOutcome =
  | { readonly ok: true; readonly opened: OpenedSegment }
  | { readonly ok: false; readonly why: 'damaged' | 'newer-format' };

export async function openSegment(file: DiskReader): Promise<OpenSegmentOutcome> {
  const window = await ReadAhead.open(file);
  const outcome = decodeSegmentHeader(await window.view(0, SECTOR));
  return outcome.ok ? { ok: true, opened: { header: outcome.header, readAhead: window } } : outcome;
}

/** Reads the header only. null = it is invalid. */
export async function readSegmentHeader(file: DiskReader): Promise<SegmentHeader | null> {
  const outcome = decodeSegmentHeader(await file.read(0, SECTOR));
  return outcome.ok ? outcome.header : null;
}

/**
 * Calls `visit` with the payload of each valid commit, in order; the bytes are only valid during the call. `visit`
 * returns false if the payload is invalid. The segment is damaged if
 * - it has no valid first commit (that one was durable before the segment was active),
 * - `visit` returns false, or
 * - commits are missing. `nextFirstCommit` is the number of the next segment's first commit, so all commits below
 *   it must be there. null = this is the last segment or the next one is gone: then a commit header after the first
 *   invalid commit shows that commits are missing.
 */
export async function scanSegment(
  { header, readAhead: window }: OpenedSegment,
  nextFirstCommit: number | null,
  visit: (payload: Uint8Array) => boolean,
): Promise<ScanOutcome> {
  let lastCommitAt = 0;
  let at = SECTOR;
  let next = header.firstCommit;
  for (; next !== nextFirstCommit; next++) {
    const found = readCommit(window, at, header.salt, next);
    const payload = found instanceof Promise ? await found : found;
    if (!payload) break;
    if (!visit(payload)) return { ok: false, why: 'damaged', at };
    lastCommitAt = at;
    at += commitLength(payload.length);
  }
  const missing =
    next === header.firstCommit ||
    (nextFirstCommit === null
      ? (await findCommitHeader(window, at, header, next)) !== null
      : next !== nextFirstCommit);
  return missing
    ? { ok: false, why: 'damaged', at }
    : { ok: true, header, lastCommitAt, end: at, nextCommit: next };
}

/** The payload of commit `number` at `at`; null = no valid one. Not a promise if the bytes were already read. */
export function readCommit(
  readAhead: ReadAhead,
  at: number,
  salt: Uint8Array,
  number: number,
): Uint8Array | null | Promise<Uint8Array | null> {
  const start = readAhead.view(at, COMMIT_HEADER_BYTES);
  if (start instanceof Promise)
    return start.then((bytes) => decodeCommit(readAhead, at, salt, number, bytes));
  return decodeCommit(readAhead, at, salt, number, start);
}

function decodeCommit(
  readAhead: ReadAhead,
  at: number,
  salt: Uint8Array,
  number: number,
  start: Uint8Array,
): Uint8Array | null | Promise<Uint8Array | null> {
  const header = decodeCommitHeader(start, 0, salt);
  if (!header || header.number !== number) return null;
  const checked = (commit: Uint8Array): Uint8Array | null => {
    const payload = commit.subarray(COMMIT_HEADER_BYTES);
    return isPayloadValid(header, payload) ? payload : null;
  };
  const commit = readAhead.view(at, COMMIT_HEADER_BYTES + header.payloadLength);
  return commit instanceof Promise ? commit.then(checked) : checked(commit);
}

export interface CommitPosition {
  readonly at: number;
  readonly number: number;
}

/**
 * The first commit header at or after `from`, where no valid commit is; null = none. The header of the torn commit
 * itself, number `torn`, is expected at `from` and does not count. Old commits of a recycled file have lower numbers
 * than the segment's first one.
 */
export async function findCommitHeader(
  readAhead: ReadAhead,
  from: number,
  { salt, firstCommit }: SegmentHeader,
  torn: number,
): Promise<CommitPosition | null> {
  const [first, second] = salt;
  for (let at = from; at < readAhead.size;) {
    const block = await readAhead.view(at, SEARCH_BLOCK_BYTES);
    if (block.length === 0) return null;
    for (let start = 0; start < block.length; start += SECTOR) {
      // A fast check of the salt that skips nearly every sector.
      if (block[start] !== first || block[start + 1] !== second) continue;
      const header = decodeCommitHeader(block.subarray(start), 0, salt);
      if (!header || header.number < firstCommit) continue;
      if (at + start > from || header.number !== torn) return { at: at + start, number: header.number };
    }
    at += block.length;
  }
  return null;
}

/** A multiple of SECTOR. */
const SEARCH_BLOCK_BYTES = 512 * 1024;
