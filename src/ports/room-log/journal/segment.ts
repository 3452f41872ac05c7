/**
 * The format of the journal's segment files. Numbers are little-endian; a *sector* is 512 bytes.
 *
 * Names: `<number, 12 digits>.seg`; numbers rise by one. `<number>.new` is a segment that is being created,
 * `<number>.spare` one that is not needed and will be recycled: the content of both has no meaning.
 *
 *   sector 0    header (48 bytes, then zeros)
 *     0   8   "ESCAPLOG"
 *     8   4   format, 1
 *     12  4   boot: how often the journal was opened, including this time
 *     16  8   number of this segment
 *     24  8   number of the first commit; 0 = preallocated, not active yet: what follows has no meaning
 *     32  8   salt: random, never all zero
 *     40  4   zeros
 *     44  4   CRC-32 of bytes 0 … 43
 *   then        commits, each aligned to a sector
 *     0   8   the segment's salt
 *     8   8   commit number: one more than the commit before it, across segments
 *     16  4   length of the payload
 *     20  4   zeros
 *     24  4   CRC-32 of the payload
 *     28  4   CRC-32 of bytes 0 … 27
 *     32  n   payload: entries (`entries.ts`); padded with zeros to the next sector
 *   then        preallocated space, so that a full disk is detected before a commit: zeros, or the old content of
 *               a recycled file
 *
 * A commit is one write and is durable before the next one begins. So:
 * - only the last commit of the last segment can be torn, and its operations were not confirmed: it is dropped;
 * - a commit header after an invalid commit means that durable bytes have changed: the journal does not open.
 *   Bytes sent by players cannot be taken for such a header, because they do not know the salt. Nor can old commits
 *   in a recycled file: their numbers are below the segment's first one;
 * - a torn write never touches a sector of an earlier commit.
 * Damage to the very last commit cannot be distinguished from a torn write.
 *
 * The first commit of each segment is a snapshot of all rooms (`snapshot` and `room` entries). So an older segment
 * is needed only while it has entries that are not archived.
 *
 * Activation of a segment: it was preallocated under its final name; its first commit becomes durable, then the
 * header with the number of that commit.
 *
 * Recovery: the last commit of the last segment may be in the page cache only, after a failed write. It is written
 * again in place, and the sector after it is cleared so that a torn commit cannot reappear. Then the header is
 * written with boot + 1.
 */
import { crc32 } from 'node:zlib';

export const SECTOR = 512;
export const FORMAT = 1;
const MAGIC = new TextEncoder().encode('ESCAPLOG');
const HEADER_BYTES = 48;
export const SALT_BYTES = 8;
export const COMMIT_HEADER_BYTES = 32;
/** Maximum length of a commit's payload; a commit header with a greater length is invalid. */
export const PAYLOAD_BYTES_MAX = 512 * 1024 * 1024;
/** `firstCommit` of a preallocated segment. */
export const NOT_ACTIVE = 0;

export interface SegmentHeader {
  readonly boot: number;
  readonly number: number;
  readonly firstCommit: number;
  readonly salt: Uint8Array;
}

export interface CommitHeader {
  readonly number: number;
  readonly payloadLength: number;
  readonly payloadCrc: number;
}

const NUMBER_DIGITS = 12;
const SEGMENT_NAME = /^([0-9]{12})\.seg$/;

export function segmentName(number: number): string {
  return `${String(number).padStart(NUMBER_DIGITS, '0')}.seg`;
}

export function temporaryName(number: number): string {
  return `${String(number).padStart(NUMBER_DIGITS, '0')}.new`;
}

export function spareName(number: number): string {
  return `${String(number).padStart(NUMBER_DIGITS, '0')}.spare`;
}

/** null = not a segment file. */
export function segmentNumber(name: string): number | null {
  const match = SEGMENT_NAME.exec(name);
  return match ? Number(match[1]) : null;
}

export function alignToSector(length: number): number {
  return Math.ceil(length / SECTOR) * SECTOR;
}

/** Bytes in the file of a commit with this payload. */
export function commitLength(payloadLength: number): number {
  return alignToSector(COMMIT_HEADER_BYTES + payloadLength);
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array<ArrayBuffer> {
  const sector = new Uint8Array(SECTOR);
  const view = new DataView(sector.buffer);
  sector.set(MAGIC, 0);
  view.setUint32(8, FORMAT, true);
  view.setUint32(12, header.boot, true);
  setUint53(view, 16, header.number);
  setUint53(view, 24, header.firstCommit);
  sector.set(header.salt, 32);
  view.setUint32(44, crc32(sector.subarray(0, 44)), true);
  return sector;
}

export type HeaderOutcome =
  | { readonly ok: true; readonly header: SegmentHeader }
  | { readonly ok: false; readonly why: 'damaged' | 'newer-format' };

export function decodeSegmentHeader(sector: Uint8Array): HeaderOutcome {
  const damaged = { ok: false, why: 'damaged' } as const;
  if (sector.length < HEADER_BYTES) return damaged;
  const view = viewOf(sector);
  if (MAGIC.some((byte, index) => sector[index] !== byte)) return damaged;
  if (view.getUint32(44, true) !== crc32(sector.subarray(0, 44))) return damaged;
  if (view.getUint32(8, true) !== FORMAT) return { ok: false, why: 'newer-format' };
  return {
    ok: true,
    header: {
      boot: view.getUint32(12, true),
      number: getUint53(view, 16),
      firstCommit: getUint53(view, 24),
      salt: sector.slice(32, 32 + SALT_BYTES),
    },
  };
}

/**
 * Completes a commit whose payload is already at COMMIT_HEADER_BYTES in `buffer`: writes the header and the
 * padding. Returns the part of the buffer to write to the file.
 */
export function finalizeCommit(
  buffer: Uint8Array,
  salt: Uint8Array,
  number: number,
  payloadLength: number,
): Uint8Array {
  const end = COMMIT_HEADER_BYTES + payloadLength;
  const view = viewOf(buffer);
  buffer.set(salt, 0);
  setUint53(view, 8, number);
  view.setUint32(16, payloadLength, true);
  view.setUint32(20, 0, true);
  view.setUint32(24, crc32(buffer.subarray(COMMIT_HEADER_BYTES, end)), true);
  view.setUint32(28, crc32(buffer.subarray(0, 28)), true);
  const length = commitLength(payloadLength);
  buffer.fill(0, end, length);
  return buffer.subarray(0, length);
}

/** The commit header at `at`. null = it is invalid or does not have this segment's salt. */
export function decodeCommitHeader(bytes: Uint8Array, at: number, salt: Uint8Array): CommitHeader | null {
  if (at + COMMIT_HEADER_BYTES > bytes.length) return null;
  for (let index = 0; index < SALT_BYTES; index++) if (bytes[at + index] !== salt[index]) return null;
  const view = viewOf(bytes);
  if (view.getUint32(at + 28, true) !== crc32(bytes.subarray(at, at + 28))) return null;
  const payloadLength = view.getUint32(at + 16, true);
  if (payloadLength > PAYLOAD_BYTES_MAX) return null;
  return { number: getUint53(view, at + 8), payloadLength, payloadCrc: view.getUint32(at + 24, true) };
}

export function isPayloadValid(header: CommitHeader, payload: Uint8Array): boolean {
  return payload.length === header.payloadLength && crc32(payload) === header.payloadCrc;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const TWO_32 = 2 ** 32;

function setUint53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % TWO_32, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

function getUint53(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
}
