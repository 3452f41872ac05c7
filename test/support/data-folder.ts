/**
 * Reads what a data folder holds without starting the program: the journal as its own recovery finds
 * it, and the main database after its engine's. Both are opened for writing, as at a start.
 */
import { Database } from 'bun:sqlite';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { LogRecord } from '../../sdk/protocol/record.ts';
import { lockFile } from '../../src/lib/lock.real.ts';
import { realWorld } from '../../src/lib/world.real.ts';
import { createRealDisk } from '../../src/ports/room-log/disk.real.ts';
import { openJournal } from '../../src/ports/room-log/journal.ts';
import { recordsIn } from './down-frames.ts';

export interface DataFolder {
  /** What the engines themselves say is wrong. */
  readonly faults: readonly string[];
  /** Rooms that the main database knows → their whole log, archive first. */
  readonly rooms: ReadonlyMap<string, readonly LogRecord[]>;
  /** Rooms of which the archive has something. */
  readonly archived: number;
}

type Records = Map<string, LogRecord[]>;

export async function readDataFolder(path: string): Promise<DataFolder> {
  const faults: string[] = [];
  const { rooms, archived } = readDatabase(join(path, 'main.sqlite'), faults);
  const journals = join(path, 'journal');
  for (const slot of readdirSync(journals)) await readJournal(join(journals, slot), rooms, faults);
  return { faults, rooms, archived };
}

function readDatabase(path: string, faults: string[]): { rooms: Records; archived: number } {
  const database = new Database(path, { readwrite: true, create: false });
  try {
    const [answer] = database.query<{ integrity_check: string }, []>('pragma integrity_check').all();
    if (answer?.integrity_check !== 'ok') faults.push(`main database: ${answer?.integrity_check}`);
    const ids = database.query<{ id: string }, []>('select id from rooms').all();
    const rooms: Records = new Map(ids.map(({ id }) => [id, []]));
    const chunks = database.query<{ room: string; deflated: Uint8Array }, []>(
      'select room, deflated from chunks order by room, first_seq',
    );
    const archived = new Set<string>();
    for (const { room, deflated } of chunks.all()) {
      archived.add(room);
      rooms.get(room)?.push(...recordsIn(inflateRawSync(deflated)));
    }
    return { rooms, archived: archived.size };
  } finally {
    database.close();
  }
}

/** Live entries behind what the archive has. */
async function readJournal(directory: string, rooms: Records, faults: string[]): Promise<void> {
  const opened = await openJournal({
    disk: createRealDisk(),
    directory,
    world: realWorld,
    lock: lockFile,
    fatal: (error) => faults.push(`journal: ${error.message}`),
  });
  if (!opened.ok) {
    faults.push(`journal: ${opened.message}`);
    return;
  }
  for (const { room } of await opened.journal.liveRooms()) {
    const records = rooms.get(room);
    if (!records) {
      faults.push(`room ${room} has a log and no row in the main database`);
      continue;
    }
    const runs = await opened.journal.read(room, records.length, Number.MAX_SAFE_INTEGER);
    const live = runs.flatMap((run) => recordsIn(run.records));
    records.push(...live.filter(({ seq }) => seq > records.length));
  }
  await opened.journal.close();
}
