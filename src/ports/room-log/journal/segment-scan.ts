/** Reads a segment file from its beginning, commit by commit, and tells a torn tail from damage. */
import type { DiskReader } from './disk.ts';
import { ReadAhead } from './read-ahead.ts';
import {
  COMMIT_HEADER_BYTES,
  SECTOR,
  type SegmentHeader,
  commitLength,
  decodeCommitHeader,
  decodeSegmentHeader,
  payloadHolds,
} from './segment.ts';

export type ScanOutcome =
  | {
      readonly ok: true;
      readonly header: SegmentHeader;
      /** Where the last whole commit begins. */
      readonly lastAt: number;
      /** Behind the last whole commit. */
      readonly end: number;
      /** The number that the commit after it has to have. */
      readonly nextCommit: number;
    }
  | { readonly ok: false; readonly why: 'damaged' | 'newer-format'; readonly at: number };

/** A file whose first blocks are on their way. */
export interface OpenedSegment {
  readonly header: SegmentHeader;
  readonly window: ReadAhead;
}

export type OpenOutcome =
  | { readonly ok: true; readonly opened: OpenedSegment }
  | { readonly ok: false; readonly why: 'damaged' | 'newer-format' };

export async function openSegment(file: DiskReader): Promise<OpenOutcome> {
  const window = await ReadAhead.of(file);
  const outcome = decodeSegmentHeader(await window.view(0, SECTOR));
  return outcome.ok ? { ok: true, opened: { header: outcome.header, window } } : outcome;
}

/** Reads and checks a header alone. */
export async function readSegmentHeader(file: DiskReader): Promise<SegmentHeader | null> {
  const outcome = decodeSegmentHeader(await file.read(0, SECTOR));
  return outcome.ok ? outcome.header : null;
}

/**
 * Gives each whole commit's payload to `visit`, in order; the bytes are only valid during the call.
 * `visit` answers false if the payload makes no sense. Not ok when there is no whole first commit
 * (it was durable before the segment counted as begun), when `visit` says so, and when commits are
 * missing: `ends` is the number of the commit that begins the next segment; null = this is the last
 * one, or the next one is gone: then a commit's header behind a bad commit tells.
 */
export async function scanSegment(
  { header, window }: OpenedSegment,
  ends: number | null,
  visit: (payload: Uint8Array) => boolean,
): Promise<ScanOutcome> {
  let lastAt = 0;
  let at = SECTOR;
  let next = header.firstCommit;
  for (; next !== ends; next++) {
    const found = commitAt(window, at, header.salt, next);
    const payload = found instanceof Promise ? await found : found;
    if (!payload) break;
    if (!visit(payload)) return { ok: false, why: 'damaged', at };
    lastAt = at;
    at += commitLength(payload.length);
  }
  const missing =
    next === header.firstCommit ||
    (ends === null ? (await nextCommitHeader(window, at, header, next)) !== null : next !== ends);
  return missing
    ? { ok: false, why: 'damaged', at }
    : { ok: true, header, lastAt, end: at, nextCommit: next };
}

/** The payload of the whole commit at `at`, without waiting where the bytes are there; null = there is none. */
export function commitAt(
  window: ReadAhead,
  at: number,
  salt: Uint8Array,
  number: number,
): Uint8Array | null | Promise<Uint8Array | null> {
  const start = window.view(at, COMMIT_HEADER_BYTES);
  if (start instanceof Promise) return start.then((bytes) => commitOf(window, at, salt, number, bytes));
  return commitOf(window, at, salt, number, start);
}

function commitOf(
  window: ReadAhead,
  at: number,
  salt: Uint8Array,
  number: number,
  start: Uint8Array,
): Uint8Array | null | Promise<Uint8Array | null> {
  const header = decodeCommitHeader(start, 0, salt);
  if (!header || header.number !== number) return null;
  const checked = (whole: Uint8Array): Uint8Array | null => {
    const payload = whole.subarray(COMMIT_HEADER_BYTES);
    return payloadHolds(header, payload) ? payload : null;
  };
  const whole = window.view(at, COMMIT_HEADER_BYTES + header.payloadLength);
  return whole instanceof Promise ? whole.then(checked) : checked(whole);
}

export interface CommitPlaceFound {
  readonly at: number;
  readonly number: number;
}

/**
 * The first header of a commit behind the bad place. At the place itself only the torn commit's own
 * header may stand. Commits that stood in the file before this segment have lower numbers.
 */
export async function nextCommitHeader(
  window: ReadAhead,
  from: number,
  { salt, firstCommit }: SegmentHeader,
  torn: number,
): Promise<CommitPlaceFound | null> {
  const [first, second] = salt;
  for (let at = from; at < window.size;) {
    const block = await window.view(at, LOOK_BYTES);
    if (block.length === 0) return null;
    for (let start = 0; start < block.length; start += SECTOR) {
      // Nearly every sector is told apart by its first bytes.
      if (block[start] !== first || block[start + 1] !== second) continue;
      const header = decodeCommitHeader(block.subarray(start), 0, salt);
      if (!header || header.number < firstCommit) continue;
      if (at + start > from || header.number !== torn) return { at: at + start, number: header.number };
    }
    at += block.length;
  }
  return null;
}

/** Whole sectors. */
const LOOK_BYTES = 512 * 1024;
