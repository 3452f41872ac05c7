/**
 * Writes the logs of rooms through the journal, one entry per append, as if a process had served the rooms and
 * was stopped.
 */
import { Database } from 'bun:sqlite';
import { join } from 'node:path';
import { Writer } from '../../sdk/protocol/bytes.ts';
import { encodeRecord, RecordKind, recordLength, type RecordHeader } from '../../sdk/protocol/record.ts';
import { lockFile } from '../../src/lib/lock.real.ts';
import type { World } from '../../src/lib/world.ts';
import { realWorld } from '../../src/lib/world.real.ts';
import { createRealDisk } from '../../src/ports/room-log/journal/disk.real.ts';
import { type Journal, openJournal } from '../../src/ports/room-log/room-log.journal.ts';
import { EMPTY_HEAD } from '../../src/ports/room-log/room-log.ts';

const BODY_BYTES = 135;
export const SEATS = 4;
const EPOCH = 1;
const MS_BETWEEN = 200;

/** Its monotonic clock is fast, so that the journal does not wait between commits. */
const worldWithoutWaits: World = {
  ...realWorld,
  clock: { now: realWorld.clock.now, mono: () => performance.now() * 1_000 },
};

/** Writes entries of one room; each is durable before the next. */
export interface LogWriter {
  readonly room: string;
  /** All records so far, as they are in the log. */
  written(): Uint8Array;
  /** Returns the record as it is in the log. */
  add(header: Partial<RecordHeader>, body: Uint8Array): Promise<Uint8Array>;
}

/** Writes all logs concurrently. The rooms must not have logs yet, and no process may use the data folder. */
export async function writeLogs(
  dataDir: string,
  rooms: readonly string[],
  write: (writer: LogWriter) => Promise<void>,
): Promise<void> {
  const opened = await openJournal({
    disk: createRealDisk(),
    directory: join(dataDir, 'journal', 'h1'),
    world: worldWithoutWaits,
    lock: lockFile,
    fatal: (error) => {
      throw error;
    },
  });
  if (!opened.ok) throw new Error(opened.message);
  const { journal } = opened;
  await Promise.all(rooms.map((room) => writeLog(journal, room, write)));
  await journal.close();
}

async function writeLog(
  journal: Journal,
  room: string,
  write: (writer: LogWriter) => Promise<void>,
): Promise<void> {
  const fenced = await journal.open(room, EPOCH, EMPTY_HEAD);
  if (!fenced.ok) throw new Error(`opening ${room}: ${fenced.why}`);
  let seq = 0;
  const written: Uint8Array[] = [];
  const writer: LogWriter = {
    room,
    written: () => Buffer.concat(written),
    async add(given, body) {
      const prevSeq = seq++;
      const header = { kind: 0, ms: 0, seat: 0, client: 0, clientSeq: 0, ...given, seq };
      const records = new Uint8Array(recordLength(header, body.length));
      encodeRecord(records, 0, header, body);
      const entry = { room, epoch: EPOCH, prevSeq, lastSeq: seq, lastMs: header.ms, records };
      const outcome = await journal.append(entry);
      if (outcome !== 'committed') throw new Error(`append failed: ${outcome}`);
      written.push(records);
      return records;
    },
  };
  await writer.add({ kind: RecordKind.open }, Buffer.from('{"seed":1,"options":{}}'));
  await writer.add({ kind: RecordKind.epoch }, new Writer().varint(EPOCH).done());
  for (let client = 1; client <= SEATS; client++) {
    await writer.add({ kind: RecordKind.client, seat: client, client }, new Uint8Array(16).fill(client));
  }
  await write(writer);
  await journal.release(room, EPOCH);
}

/** Moves of four players who take turns. */
export async function writeMoves(writer: LogWriter, moves: number): Promise<void> {
  for (let move = 0; move < moves; move++) {
    const client = 1 + (move % SEATS);
    const clientSeq = 1 + Math.floor(move / SEATS);
    const header = { kind: RecordKind.move, seat: client, client, clientSeq, ms: move * MS_BETWEEN };
    await writer.add(header, Buffer.from(JSON.stringify(moveOf(move))));
  }
}

/** A move of exactly BODY_BYTES bytes, like one of a game: a third of it is random. */
function moveOf(index: number): object {
  const item = Math.floor(Math.random() * 2 ** 48).toString(36);
  const move = { type: 'place', item, at: [index % 977, index % 613], turn: Math.random(), note: '' };
  return { ...move, note: 'x'.repeat(BODY_BYTES - JSON.stringify(move).length) };
}

/**
 * Keeps the archiver away from the room: if the room is quarantined in the archiver's first pass, the archiver
 * leaves it alone for at least 15 seconds. Nobody can join a quarantined room.
 */
export function setQuarantined(dataDir: string, room: string, quarantined: boolean): void {
  const db = new Database(join(dataDir, 'main.sqlite'));
  db.run('pragma busy_timeout = 5000');
  db.run('update rooms set quarantined = ? where id = ?', [quarantined ? 'bench' : null, room]);
  db.close();
}
