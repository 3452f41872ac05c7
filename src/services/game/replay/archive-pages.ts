/**
 * What replays read of the archive: chunks as they are stored, checked and framed. Who comes back, comes back
 * with others: a page that one has read is kept for a moment, for those who ask for the same.
 */
import { crc32 } from 'node:zlib';
import { chunk } from '../../../../sdk/protocol/chunk.ts';
import type { Clock } from '../../../lib/world.ts';
import type { ChunkRow } from '../../../ports/main-db/schema.ts';
import type { RoomStore } from '../loading/room-store.ts';

/**
 * About so much goes out at a time. A run of the log may come on top, and together they stay within
 * the limit of a frame; what is under way of a replay stays far below the cap of a live socket.
 */
export const PAGE_BYTES = 64 * 1024;
/** How many chunks are asked for at a time: most are far smaller than a page. */
const CHUNKS_PER_READ = 8;
/** Pages that are kept, and for how long: chunks change only when something in them is erased. */
const KEPT_MAX = 32;
const KEPT_MS = 1_000;

export interface Page {
  readonly frames: readonly Uint8Array[];
  readonly last: number;
}

export interface ArchivePage extends Page {
  /** The archive had more behind it. */
  readonly more: boolean;
}

export class ArchivePages {
  private readonly store: Pick<RoomStore, 'chunks'>;
  private readonly clock: Clock;
  /** By room and position, the oldest first. */
  private readonly kept = new Map<
    string,
    { readonly page: Promise<ArchivePage | null>; readonly until: number }
  >();

  constructor(store: Pick<RoomStore, 'chunks'>, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** The chunks that go on after entry `after`, a page of them; null when there are none. */
  read(room: string, after: number): Promise<ArchivePage | null> {
    const key = `${room} ${after}`;
    const known = this.kept.get(key);
    if (known && this.clock.mono() < known.until) return known.page;
    this.kept.delete(key);
    const page = this.fetch(room, after);
    this.keep(key, page);
    return page;
  }

  private async fetch(room: string, after: number): Promise<ArchivePage | null> {
    const rows = await this.store.chunks(room, after, CHUNKS_PER_READ);
    const page = chunkPage(rows, after);
    if (!page) return null;
    return { ...page, more: page.frames.length < rows.length || rows.length === CHUNKS_PER_READ };
  }

  /** What is not there yet may be there in the next moment, and what failed may be read. */
  private keep(key: string, page: Promise<ArchivePage | null>): void {
    for (const oldest of this.kept.keys()) {
      if (this.kept.size < KEPT_MAX) break;
      this.kept.delete(oldest);
    }
    const entry = { page, until: this.clock.mono() + KEPT_MS };
    this.kept.set(key, entry);
    const drop = (): void => {
      if (this.kept.get(key) === entry) this.kept.delete(key);
    };
    page.then((found) => found ?? drop(), drop);
  }
}

/** The leading chunks that follow `after` without a gap and are whole, about PAGE_BYTES of them. */
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
