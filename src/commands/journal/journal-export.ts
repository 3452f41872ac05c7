/**
 * `escapement journal export`: writes the live records of one room or of all rooms to a file or to standard output.
 * A damaged journal is an error; with --salvage, unreadable records are left out and reported.
 *
 * Format: JSON lines, one per record, bodies in base64. With --binary, per room: length of its name (one byte), name
 * (ASCII), length of its records in bytes (varint), records in the protocol's encoding, concatenated.
 */
import { Writer } from '../../../sdk/protocol/bytes.ts';
import { OperatorError } from '../../errors.ts';
import { type Disk, DiskError } from '../../ports/room-log/journal/disk.ts';
import type { JournalRoom } from '../../ports/room-log/journal/journal-room.ts';
import { type ReadRecord, kindName, recordsOf } from './journal-show.ts';
import { damageLines, isDamaged } from './journal-verify.ts';
import { type JournalCommandDeps, readJournal } from './read-journal.ts';

/** Bytes collected per write. */
const BLOCK_BYTES = 1024 * 1024;

export async function exportRooms(deps: JournalCommandDeps): Promise<number> {
  const { dir, terminal, room: name, flags, out } = deps;
  const binary = flags.has('--binary');
  if (binary && out === null) {
    throw new OperatorError('journal-usage', {
      given: 'export --binary',
      usage: '--binary needs --out <file>',
    });
  }
  const found = await readJournal(deps, (room) => name === null || room === name);
  if (isDamaged(found) && !flags.has('--salvage')) throw new OperatorError('journal-damage', { dir });
  const rooms = [...found.rooms.all()].filter((room) => name === null || room.name === name);
  let records = 0;
  const jsonLines = function* (): Generator<Uint8Array> {
    for (const room of rooms) {
      for (const record of recordsOf(room)) {
        records++;
        yield encoder.encode(`${JSON.stringify(toJson(room.name, record))}\n`);
      }
    }
  };
  const binaryRooms = function* (): Generator<Uint8Array> {
    for (const room of rooms) {
      const { bytes, count } = encodeRoom(room);
      records += count;
      yield bytes;
    }
  };
  const parts = binary ? binaryRooms() : jsonLines();
  if (out === null) for (const part of parts) terminal.out(new TextDecoder().decode(part).trimEnd());
  else await writeFile(deps.disk, out, parts);
  terminal.err(`${records} records of ${rooms.length} rooms.`);
  for (const line of damageLines(found)) terminal.err(`Left out. ${line}`);
  return 0;
}

const encoder = new TextEncoder();

function toJson(room: string, record: ReadRecord) {
  const { seq, ms, seat, kind, client, clientSeq, personal, body } = record;
  return { room, seq, ms, seat, kind: kindName(kind), client, clientSeq, personal, body: body.toBase64() };
}

function encodeRoom(room: JournalRoom): { readonly bytes: Uint8Array; readonly count: number } {
  const records = [...recordsOf(room)];
  const name = encoder.encode(room.name);
  const bytes = new Writer()
    .byte(name.length)
    .raw(name)
    .bytes(Buffer.concat(records.map((record) => record.bytes)))
    .done();
  return { bytes, count: records.length };
}

async function writeFile(disk: Disk, file: string, parts: Iterable<Uint8Array>): Promise<void> {
  try {
    const target = await disk.create(file);
    let at = 0;
    let block: Uint8Array[] = [];
    let size = 0;
    const flush = async (): Promise<void> => {
      const bytes = Buffer.concat(block);
      for (let done = 0; done < bytes.length;) done += await target.write(at + done, bytes.subarray(done));
      at += bytes.length;
      block = [];
      size = 0;
    };
    for (const part of parts) {
      block.push(part);
      size += part.length;
      if (size >= BLOCK_BYTES) await flush();
    }
    await flush();
    await target.sync();
    await target.close();
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw new OperatorError('journal-out', { file, why: error.message }, { cause: error });
  }
}
