/**
 * Reads a data folder without starting the program: the journal after its own recovery, and the main
 * database after that of its engine. Both are opened for writing, as at a start.
 */
import { Database } from 'bun:sqlite';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { LogRecord } from '../../../sdk/protocol/record.ts';
import { lockFile } from '../../../src/lib/lock.real.ts';
import { realWorld } from '../../../src/lib/world.real.ts';
import { createRealDisk } from '../../../src/ports/room-log/journal/disk.real.ts';
import { openJournal } from '../../../src/ports/room-log/room-log.journal.ts';
import { recordsIn } from '../clients/down-frames.ts';
import { faultsIn, type Team } from '../clients/client-team.ts';

export interface DataFolder {
  /** Errors that the engines report. */
  readonly faults: readonly string[];
  /** Room in the main database → its whole log, archive first. */
  readonly rooms: ReadonlyMap<string, readonly LogRecord[]>;
  /** Number of rooms with archived records. */
  readonly archived: number;
}

type Records = Map<string, LogRecord[]>;

export async function readDataFolder(path: string): Promise<DataFolder> {
  const faults: string[] = [];
  const rooms: Records = new Map();
  let archived = 0;
  try {
    archived = readDatabase(join(path, 'main.sqlite'), rooms, faults);
    const journals = join(path, 'journal');
    for (const slot of readdirSync(journals)) await readJournal(join(journals, slot), rooms, faults);
  } catch (error) {
    faults.push(String(error));
  }
  return { faults, rooms, archived };
}

/** Faults of a disk that lost data: entries that were seen and are missing, and a damaged journal. */
const MISSING = /^room \w{20}: page \d+ saw \d+ entries that are missing$/;
const DAMAGED = /^journal: \S+\.seg is damaged at byte \d+\. /;

/**
 * For controls: whether entries were lost, and no other fault prevents reading the folder. A bug of this
 * reader would lose entries, too, and must not pass for the fault that the control causes.
 */
export function lostByDisk(faults: readonly string[]): boolean {
  const engines = faults.filter((fault) => !fault.startsWith('room '));
  return faults.some((fault) => MISSING.test(fault)) && engines.every((fault) => DAMAGED.test(fault));
}

/** What is missing or different in the folder, compared with what these teams had seen (`countsSeen`). */
export function faultsOf(folder: DataFolder, seen: ReadonlyMap<Team, readonly number[]>): readonly string[] {
  const faults = [...folder.faults];
  for (const [team, counts] of seen) {
    const log = folder.rooms.get(team.room);
    if (log) faults.push(...faultsIn(log, team, counts).map((fault) => `room ${team.room}: ${fault}`));
    else faults.push(`room ${team.room} is not in the main database`);
  }
  return faults;
}

/** Returns the number of rooms with archived records. */
function readDatabase(path: string, rooms: Records, faults: string[]): number {
  const database = new Database(path, { readwrite: true, create: false });
  try {
    const [answer] = database.query<{ integrity_check: string }, []>('pragma integrity_check').all();
    if (answer?.integrity_check !== 'ok') faults.push(`main database: ${answer?.integrity_check}`);
    const ids = database.query<{ id: string }, []>('select id from rooms').all();
    for (const { id } of ids) rooms.set(id, []);
    const chunks = database.query<{ room: string; deflated: Uint8Array }, []>(
      'select room, deflated from chunks order by room, first_seq',
    );
    const archived = new Set<string>();
    for (const { room, deflated } of chunks.all()) {
      archived.add(room);
      rooms.get(room)?.push(...recordsIn(inflateRawSync(deflated)));
    }
    return archived.size;
  } finally {
    database.close();
  }
}

/** Adds the live entries after the archived ones. */
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
