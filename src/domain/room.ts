/** Facts about rooms that several services share. */
import { z } from 'zod';

/** The body of a room's first record: with the rules it determines the initial state. */
export const openBodySchema = z.object({
  format: z.literal(1),
  room: z.string(),
  game: z.string(),
  rulesHash: z.string(),
  seed: z.int().min(0).max(0xffff_ffff),
  locale: z.string(),
  options: z.unknown(),
  /** Wall clock ms of the room's ms 0. */
  startedAt: z.int(),
});
export type OpenBody = z.infer<typeof openBodySchema>;

/** Epochs never repeat (I4), not even after a restored backup: max(old + 1, wall clock in seconds). */
export function nextEpoch(old: number, nowMs: number): number {
  return Math.max(old + 1, Math.floor(nowMs / 1000));
}

/** Records from `firstSeq` on, up to the start of the next epoch, were written in `epoch`. */
export interface EpochStart {
  readonly epoch: number;
  readonly firstSeq: number;
}

/**
 * True if record `seq` was written in `epoch` and is durable. `starts` is sorted by epoch and seq; `head` is the
 * durable head.
 */
export function isValidPosition(
  starts: readonly EpochStart[],
  head: number,
  position: { readonly epoch: number; readonly seq: number },
): boolean {
  if (position.seq < 1 || position.seq > head) return false;
  const written = starts.findLast((start) => start.firstSeq <= position.seq);
  return written?.epoch === position.epoch;
}

/** The path of a room's socket; the balancer routes by the slot in it. */
export function socketPath(slot: string, room: string): string {
  return `/h/${slot}/r/${room}/ws`;
}

export const ROOM_ID = /^[a-z0-9]{20}$/;

/** Limits of the whole log of a room (I6). */
export const ROOM_ENTRIES_MAX = 200_000;
export const ROOM_BYTES_MAX = 64 * 1024 * 1024;

/** Limits of a chunk of the archive; bytes before compression. */
export const CHUNK_RECORDS_MAX = 256;
export const CHUNK_BYTES_MAX = 64 * 1024;
