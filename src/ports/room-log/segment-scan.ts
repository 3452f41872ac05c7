/** Reads a segment file from its beginning, commit by commit, and tells a torn tail from damage. */
import type { DiskReader } from './disk.ts';
import {
  COMMIT_HEADER_BYTES,
  SECTOR,
  type SegmentHeader,
  commitLength,
  decodeCommitHeader,
  decodeSegmentHeader,
  payloadHolds,
} from './segment.ts';

/** How much is read at once; more only for a longer commit. */
const WINDOW_BYTES = 1024 * 1024;

export type ScanOutcome =
  | {
      readonly ok: true;
      readonly header: SegmentHeader;
      /** Behind the last whole commit. */
      readonly end: number;
      /** The number that the commit after it has to have. */
      readonly nextCommit: number;
    }
  | { readonly ok: false; readonly why: 'damaged' | 'newer-format'; readonly at: number };

/**
 * Gives each whole commit's payload to `visit`, in order; the bytes are only valid during the call.
 * `visit` answers false if the payload makes no sense. Not ok when there is no valid header, when a
 * commit's header stands behind a bad commit, or when `visit` says so.
 */
export async function scanSegment(
  file: DiskReader,
  visit: (payload: Uint8Array) => boolean,
): Promise<ScanOutcome> {
  const window = await openWindow(file);
  const outcome = decodeSegmentHeader(await window.view(0, SECTOR));
  if (!outcome.ok) return { ...outcome, at: 0 };
  const { header } = outcome;
  let at = SECTOR;
  let next = header.firstCommit;
  for (;;) {
    const payload = await wholeCommit(window, at, header.salt, next);
    if (!payload) break;
    if (!visit(payload)) return { ok: false, why: 'damaged', at };
    at += commitLength(payload.length);
    next++;
  }
  const later = await commitBehind(window, at, header.salt, next);
  return later ? { ok: false, why: 'damaged', at } : { ok: true, header, end: at, nextCommit: next };
}

/** Reads and checks a header alone; null = damaged or of another format. */
export async function readSegmentHeader(file: DiskReader): Promise<SegmentHeader | null> {
  const outcome = decodeSegmentHeader(await file.read(0, SECTOR));
  return outcome.ok ? outcome.header : null;
}

async function wholeCommit(
  window: Window,
  at: number,
  salt: Uint8Array,
  number: number,
): Promise<Uint8Array | null> {
  const start = await window.view(at, COMMIT_HEADER_BYTES);
  const header = decodeCommitHeader(start, 0, salt);
  if (!header || header.number !== number) return null;
  const whole = await window.view(at, COMMIT_HEADER_BYTES + header.payloadLength);
  const payload = whole.subarray(COMMIT_HEADER_BYTES);
  return payloadHolds(header, payload) ? payload : null;
}

/**
 * Is there a commit's header behind the bad place? At the place itself only the torn commit's own
 * header may stand.
 */
async function commitBehind(window: Window, from: number, salt: Uint8Array, torn: number): Promise<boolean> {
  for (let at = from; at < window.size; at += SECTOR) {
    const header = decodeCommitHeader(await window.view(at, COMMIT_HEADER_BYTES), 0, salt);
    if (header && (at > from || header.number !== torn)) return true;
  }
  return false;
}

interface Window {
  readonly size: number;
  /** The bytes from `at` on: `length` of them, fewer where the file ends. */
  view(at: number, length: number): Uint8Array | Promise<Uint8Array>;
}

async function openWindow(file: DiskReader): Promise<Window> {
  const size = await file.size();
  let start = 0;
  let bytes: Uint8Array = new Uint8Array(0);
  return {
    size,
    view(at, length) {
      const wanted = Math.max(0, Math.min(length, size - at));
      if (at >= start && at + wanted <= start + bytes.length) {
        return bytes.subarray(at - start, at - start + wanted);
      }
      return file.read(at, Math.max(length, WINDOW_BYTES)).then((read) => {
        start = at;
        bytes = read;
        return bytes.subarray(0, wanted);
      });
    },
  };
}
