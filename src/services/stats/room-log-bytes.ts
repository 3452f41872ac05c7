/** Reads the whole log of a finished room from its archived chunks. */
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { ROOM_BYTES_MAX } from '../../domain/room.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { readChunks } from '../../ports/main-db/queries/archive.ts';

const inflate = promisify(inflateRaw);
/** Chunks per query. */
const PAGE_CHUNKS = 32;

export type RoomLogOutcome =
  | { readonly ok: true; readonly records: Uint8Array }
  /** The sweep after the finish has not ended yet, or the archive is damaged. */
  | { readonly ok: false; readonly why: string };

/** Returns records 1 … uptoSeq, concatenated; fails over ROOM_BYTES_MAX. */
export async function readRoomLog(db: MainDb, room: string, uptoSeq: number): Promise<RoomLogOutcome> {
  const parts: Uint8Array[] = [];
  let seq = 0;
  let bytes = 0;
  while (seq < uptoSeq) {
    const chunks = await readChunks(db.read, room, seq, PAGE_CHUNKS);
    if (chunks.length === 0) return { ok: false, why: `the archive ends at ${seq} instead of ${uptoSeq}` };
    for (const chunk of chunks) {
      if (chunk.first_seq !== seq + 1)
        return { ok: false, why: `entry ${seq + 1} is missing in the archive` };
      const records = await inflate(chunk.deflated, { maxOutputLength: chunk.raw_bytes });
      parts.push(records);
      bytes += records.length;
      seq = chunk.last_seq;
    }
    if (bytes > ROOM_BYTES_MAX) return { ok: false, why: `the log is larger than ${ROOM_BYTES_MAX} bytes` };
  }
  return { ok: true, records: Buffer.concat(parts) };
}
