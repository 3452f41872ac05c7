/**
 * Journals of slots that are not used any more: what is in them goes into the archive, then they
 * are removed, and their rooms are placed anew when they are joined next. Nothing is removed that
 * the archive does not have.
 */
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { finishRemovals, foldersIn, removeFolder } from '../lib/folders.real.ts';
import { realWorld } from '../lib/world.real.ts';
import { SqlJobs } from '../ports/jobs/jobs.sql.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { allHosts, removeHost } from '../ports/main-db/queries/hosts.ts';
import type { Journal } from '../ports/room-log/journal.ts';
import { type Archiver, startArchiver } from '../services/archiver/archiver.ts';
import type { Assembly } from './assembly.ts';
import { journalsIn, openSlotJournal, slotsOf } from './journal.ts';

const SLOT = /^h[0-9]{1,3}$/;

/** What of the assembly it needs. */
export interface Adopter extends Pick<Assembly, 'log' | 'fail' | 'health'> {
  readonly settings: Pick<Settings, 'dataDir' | 'gameProcesses' | 'slot'>;
}

/** Throws an OperatorError when one cannot be moved. */
export async function adoptSlots(assembly: Adopter, db: MainDb): Promise<void> {
  const slots = slotsOf(assembly.settings);
  const parent = journalsIn(assembly.settings.dataDir);
  await finishRemovals(parent);
  for (const name of await foldersIn(parent)) {
    if (SLOT.test(name) && !slots.includes(name)) await adopt(assembly, db, name);
  }
  // A database in this data folder knows no other hosts than ours; a shared one may.
  if (db.engine !== 'sqlite') return;
  for (const { slot } of await allHosts(db.read)) {
    if (!slots.includes(slot)) await db.write((tx) => removeHost(tx, slot));
  }
}

async function adopt(assembly: Adopter, db: MainDb, slot: string): Promise<void> {
  const { settings, log, fail, health } = assembly;
  const directory = join(journalsIn(settings.dataDir), slot);
  const opened = await openSlotJournal(directory, { fatal: fail });
  if (!opened.ok) throw new OperatorError('slot-not-adopted', { directory, message: opened.message });
  const { journal } = opened;
  const stuck = await archiveAll(assembly, db, journal, directory);
  // The slot is gone in either case: none of the rooms that stay behind can be played.
  await db.write((tx) => removeHost(tx, slot));
  if (stuck.length === 0) {
    await removeFolder(directory);
    log.info('slot adopted', { slot });
    return;
  }
  const sentence = `${directory} is kept: ${stuck.length} rooms in it could not be archived (${stuck.slice(0, 3).join('; ')}).`;
  log.error('slot kept', { slot, why: sentence });
  health[`journal ${slot}`] = () => sentence;
}

/** Answers what keeps rooms out of the archive for good; throws when the next try may do better. */
async function archiveAll(
  { log }: Adopter,
  db: MainDb,
  journal: Journal,
  directory: string,
): Promise<readonly string[]> {
  const jobs = new SqlJobs(db, realWorld);
  const archiver = startArchiver({ world: realWorld, db, jobs, roomLog: journal, log });
  try {
    await archiver.flush();
    const stuck: string[] = [];
    for (const { room } of await journal.liveRooms()) {
      const why = await whyNot(archiver, room, directory);
      if (why !== null) stuck.push(`${room}: ${why}`);
    }
    return stuck;
  } finally {
    await archiver.stop();
    await journal.close();
  }
}

/** null = it is archived now. */
async function whyNot(archiver: Archiver, room: string, directory: string): Promise<string | null> {
  const outcome = await archiver.sweep(room).catch((error: unknown) => {
    const message = `room ${room} cannot be archived (${String(error)}).`;
    throw new OperatorError('slot-not-adopted', { directory, message }, { cause: error });
  });
  if (outcome.kind === 'archived') return null;
  return outcome.kind === 'unknown' ? 'the main database does not know it' : outcome.why;
}
