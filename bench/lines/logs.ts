/**
 * Rooms in which much was played: their logs are written through the journal, one move an append, as
 * if a process had served them and was stopped.
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

/** The journal's pace between commits is not waited for: nobody else is there. */
const hurried: World = {
  ...realWorld,
  clock: { now: realWorld.clock.now, mono: () => performance.now() * 1_000 },
};

/** Writes entries of one room, each durable before the next. */
export interface LogWriter {
  readonly room: string;
  /** Everything so far, as it stands in the log. */
  written(): Uint8Array;
  /** Answers the record as it stands in the log. */
  add(header: Partial<RecordHeader>, body: Uint8Array): Promise<Uint8Array>;
}

/** The rooms have no log yet, and no process uses the data folder. All are written at the same time. */
export async function writeLogs(
  dataDir: string,
  rooms: readonly string[],
  write: (log: LogWriter) => Promise<void>,
): Promise<void> {
  const opened = await openJournal({
    disk: createRealDisk(),
    directory: join(dataDir, 'journal', 'h1'),
    world: hurried,
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
  write: (log: LogWriter) => Promise<void>,
): Promise<void> {
  const fenced = await journal.open(room, EPOCH, EMPTY_HEAD);
  if (!fenced.ok) throw new Error(`opening ${room}: ${fenced.why}`);
  let seq = 0;
  const written: Uint8Array[] = [];
  const log: LogWriter = {
    room,
    written: () => Buffer.concat(written),
    async add(given, body) {
      const prevSeq = seq++;
      const header = { kind: 0, ms: 0, seat: 0, client: 0, clientSeq: 0, ...given, seq };
      const records = new Uint8Array(recordLength(header, body.length));
      encodeRecord(records, 0, header, body);
      const entry = { room, epoch: EPOCH, prevSeq, lastSeq: seq, lastMs: header.ms, records };
      const outcome = await journal.append(entry);
      if (outcome !== 'committed') throw new Error(`the journal answered ${outcome}`);
      written.push(records);
      return records;
    },
  };
  await log.add({ kind: RecordKind.open }, Buffer.from('{"seed":1,"options":{}}'));
  await log.add({ kind: RecordKind.epoch }, new Writer().varint(EPOCH).done());
  for (let client = 1; client <= SEATS; client++) {
    await log.add({ kind: RecordKind.client, seat: client, client }, new Uint8Array(16).fill(client));
  }
  await write(log);
  await journal.release(room, EPOCH);
}

/** Moves of four players in turn, one after another. */
export async function playLong(log: LogWriter, moves: number): Promise<void> {
  for (let move = 0; move < moves; move++) {
    const client = 1 + (move % SEATS);
    const clientSeq = 1 + Math.floor(move / SEATS);
    const header = { kind: RecordKind.move, seat: client, client, clientSeq, ms: move * MS_BETWEEN };
    await log.add(header, Buffer.from(JSON.stringify(moveOf(move))));
  }
}

/** A move of exactly 135 bytes as a game might make it: a third of it is chance. */
function moveOf(index: number): object {
  const item = Math.floor(Math.random() * 2 ** 48).toString(36);
  const move = { type: 'place', item, at: [index % 977, index % 613], turn: Math.random(), note: '' };
  return { ...move, note: 'x'.repeat(BODY_BYTES - JSON.stringify(move).length) };
}

/**
 * Keeps the archiver away from the room: it finds it quarantined at its first look, and then leaves
 * it alone for 15 seconds at least, and until it looks again. While it is set nobody comes in.
 */
export function setAside(dataDir: string, room: string, aside: boolean): void {
  const db = new Database(join(dataDir, 'main.sqlite'));
  db.run('pragma busy_timeout = 5000');
  db.run('update rooms set quarantined = ? where id = ?', [aside ? 'bench' : null, room]);
  db.close();
}
