/** A finished room's whole log, out of its chunks. */
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { ROOM_BYTES_MAX } from '../../domain/room.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { readChunks } from '../../ports/main-db/queries/archive.ts';

const inflate = promisify(inflateRaw);
const CHUNKS_AT_ONCE = 32;

export type LogBytes =
  | { readonly ok: true; readonly records: Uint8Array }
  /** The sweep that the finish triggers is not through yet, or the archive is damaged. */
  | { readonly ok: false; readonly why: string };

/** Records 1 … uptoSeq, one after another; bounded by the room's own limit of bytes. */
export async function readRoomLog(db: MainDb, room: string, uptoSeq: number): Promise<LogBytes> {
  const parts: Uint8Array[] = [];
  let seq = 0;
  let bytes = 0;
  while (seq < uptoSeq) {
    const chunks = await readChunks(db.read, room, seq, CHUNKS_AT_ONCE);
    if (chunks.length === 0) return { ok: false, why: `the archive ends at ${seq} instead of ${uptoSeq}` };
    for (const chunk of chunks) {
      if (chunk.first_seq !== seq + 1)
        return { ok: false, why: `entry ${seq + 1} is missing in the archive` };
      const records = await inflate(chunk.deflated, { maxOutputLength: chunk.raw_bytes });
      parts.push(records);
      bytes += records.length;
      seq = chunk.last_seq;
    }
    if (bytes > ROOM_BYTES_MAX) return { ok: false, why: 'the room is larger than a room may be' };
  }
  return { ok: true, records: Buffer.concat(parts) };
}
