/**
 * Reads the archive for replays: stored chunks, checked and framed. The players of a room often reconnect
 * together, so each page is cached for a second.
 */
import { crc32 } from 'node:zlib';
import { chunk } from '../../../../sdk/protocol/chunk.ts';
import type { Clock } from '../../../lib/world.ts';
import type { ChunkRow } from '../../../ports/main-db/schema.ts';
import type { RoomStore } from '../loading/room-store.ts';

/**
 * Approximate size of a replay page. One run of the log may exceed it; both together stay below the limit of
 * a frame, and a replay in flight stays far below the output limit of a live socket.
 */
export const PAGE_BYTES = 64 * 1024;
/** Chunks per read: most are far smaller than a page. */
const CHUNKS_PER_READ = 8;
/** Size and lifetime of the cache. Chunks change only when something in them is erased (I11). */
const CACHED_PAGES_MAX = 32;
const CACHE_MS = 1_000;

export interface Page {
  readonly frames: readonly Uint8Array[];
  readonly last: number;
}

export interface ArchivePage extends Page {
  /** The archive has more chunks after this page. */
  readonly more: boolean;
}

export class ArchivePages {
  private readonly store: Pick<RoomStore, 'chunks'>;
  private readonly clock: Clock;
  /** By room and position, in order of insertion. */
  private readonly cache = new Map<
    string,
    { readonly page: Promise<ArchivePage | null>; readonly until: number }
  >();

  constructor(store: Pick<RoomStore, 'chunks'>, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** A page of the chunks that follow record `after`; null if there are none. */
  read(room: string, after: number): Promise<ArchivePage | null> {
    const key = `${room} ${after}`;
    const cached = this.cache.get(key);
    if (cached && this.clock.mono() < cached.until) return cached.page;
    this.cache.delete(key);
    const page = this.fetch(room, after);
    this.addToCache(key, page);
    return page;
  }

  private async fetch(room: string, after: number): Promise<ArchivePage | null> {
    const rows = await this.store.chunks(room, after, CHUNKS_PER_READ);
    const page = chunkPage(rows, after);
    if (!page) return null;
    return { ...page, more: page.frames.length < rows.length || rows.length === CHUNKS_PER_READ };
  }

  /** Caches a page; empty and failed reads are not kept, since the next one may succeed. */
  private addToCache(key: string, page: Promise<ArchivePage | null>): void {
    for (const oldest of this.cache.keys()) {
      if (this.cache.size < CACHED_PAGES_MAX) break;
      this.cache.delete(oldest);
    }
    const entry = { page, until: this.clock.mono() + CACHE_MS };
    this.cache.set(key, entry);
    const drop = (): void => {
      if (this.cache.get(key) === entry) this.cache.delete(key);
    };
    page.then((found) => found ?? drop(), drop);
  }
}

/**
 * The leading chunks that follow `after` without a gap and have a valid checksum, about PAGE_BYTES of them.
 */
export function chunkPage(rows: readonly ChunkRow[], after: number): Page | null {
  const frames: Uint8Array[] = [];
  let last = after;
  let bytes = 0;
  for (const { first_seq: first, last_seq: end, deflated, crc } of rows) {
    const follows = frames.length === 0 ? first <= last + 1 && end > last : first === last + 1;
    const fits = frames.length === 0 || bytes + deflated.length <= PAGE_BYTES;
    if (!follows || !fits || crc32(deflated) !== crc) break;
    bytes += deflated.length;
    frames.push(chunk.encode({ first, last: end, deflated }));
    last = end;
  }
  return frames.length === 0 ? null : { frames, last };
}
