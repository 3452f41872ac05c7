/**
 * Orphan recovery: archives the journals of slots that are no longer served, then removes them. Their rooms
 * get a new slot when they are joined next. A journal is removed only when the archive has all of it.
 */
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { allHosts, removeHost } from '../../ports/main-db/queries/hosts.ts';
import type { RoomLog } from '../../ports/room-log/room-log.ts';
import { type Archiver, type ArchiverDeps, startArchiver } from './archiver.ts';

/** The journals on this machine, by slot. */
export interface SlotJournals {
  slots(): Promise<readonly string[]>;
  directoryOf(slot: string): string;
  /** `message` is a sentence for the operator. */
  open(slot: string): Promise<{ ok: true; journal: RoomLog } | { ok: false; message: string }>;
  remove(slot: string): Promise<void>;
}

export interface OrphanRecoveryDeps extends Omit<ArchiverDeps, 'roomLog'> {
  readonly servedSlots: readonly string[];
  readonly journals: SlotJournals;
}

/** A journal that stays on disk because some of its rooms can never be archived. */
export interface KeptJournal {
  readonly slot: string;
  /** A sentence for the operator. */
  readonly reason: string;
}

/** Recovery failed for now and must be retried at the next start; nothing was removed. */
export class OrphanRecoveryError extends Error {
  override readonly name = 'OrphanRecoveryError';
  readonly directory: string;

  constructor(directory: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.directory = directory;
  }
}

/** Rooms named in the reason why a journal is kept. */
const ROOMS_NAMED_MAX = 3;

/** Returns the journals that were kept. Throws OrphanRecoveryError when one cannot be recovered now. */
export async function recoverOrphans(deps: OrphanRecoveryDeps): Promise<readonly KeptJournal[]> {
  const { db, servedSlots, journals } = deps;
  const kept: KeptJournal[] = [];
  for (const slot of await journals.slots()) {
    if (servedSlots.includes(slot)) continue;
    const reason = await recoverJournal(deps, slot);
    if (reason !== null) kept.push({ slot, reason });
  }
  await removeHostsWithoutJournal(db, servedSlots);
  return kept;
}

/** Only with SQLite: its hosts all belong to this data folder, while a shared database may have others. */
async function removeHostsWithoutJournal(db: MainDb, servedSlots: readonly string[]): Promise<void> {
  if (db.engine !== 'sqlite') return;
  for (const { slot } of await allHosts(db.read)) {
    if (!servedSlots.includes(slot)) await db.write((tx) => removeHost(tx, slot));
  }
}

/** Returns the reason why the journal was kept; null = it was archived and removed. */
async function recoverJournal(deps: OrphanRecoveryDeps, slot: string): Promise<string | null> {
  const { db, log, journals } = deps;
  const directory = journals.directoryOf(slot);
  const opened = await journals.open(slot);
  if (!opened.ok) throw new OrphanRecoveryError(directory, opened.message);
  const unarchived = await archiveAll(deps, opened.journal, directory);
  // The slot is gone in either case: rooms that could not be archived cannot be played either.
  await db.write((tx) => removeHost(tx, slot));
  if (unarchived.length === 0) {
    await journals.remove(slot);
    log.info('orphaned journal recovered', { slot });
    return null;
  }
  const rooms = unarchived.slice(0, ROOMS_NAMED_MAX).join('; ');
  const reason = `${directory} is kept: ${unarchived.length} rooms in it could not be archived (${rooms}).`;
  log.error('orphaned journal kept', { slot, why: reason });
  return reason;
}

/** Returns the rooms that can never be archived, each with the reason. Throws when a retry may succeed. */
async function archiveAll(
  deps: OrphanRecoveryDeps,
  journal: RoomLog,
  directory: string,
): Promise<readonly string[]> {
  const { world, db, jobs, log } = deps;
  const archiver = startArchiver({ world, db, jobs, log, roomLog: journal });
  try {
    await archiver.flush();
    const unarchived: string[] = [];
    for (const { room } of await journal.liveRooms()) {
      const reason = await archiveRoom(archiver, room, directory);
      if (reason !== null) unarchived.push(`${room}: ${reason}`);
    }
    return unarchived;
  } finally {
    await archiver.stop();
    await journal.close();
  }
}

/** Returns why the room cannot be archived; null = it is archived now. */
async function archiveRoom(archiver: Archiver, room: string, directory: string): Promise<string | null> {
  const outcome = await archiver.sweep(room).catch((error: unknown) => {
    throw new OrphanRecoveryError(directory, `room ${room} cannot be archived (${String(error)}).`, {
      cause: error,
    });
  });
  if (outcome.kind === 'archived') return null;
  return outcome.kind === 'unknown' ? 'it is not in the main database' : outcome.why;
}
