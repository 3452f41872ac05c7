/** At start: recovers the journals of slots that are no longer served (`services/archiver/orphan-recovery.ts`). */
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { OperatorError } from '../errors.ts';
import { finishRemovals, foldersIn, removeFolder } from '../lib/folders.real.ts';
import { realWorld } from '../lib/world.real.ts';
import { SqlJobs } from '../ports/jobs/jobs.sql.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import {
  OrphanRecoveryError,
  recoverOrphans,
  type SlotJournals,
} from '../services/archiver/orphan-recovery.ts';
import type { Assembly } from './assembly.ts';
import { journalsIn, openSlotJournal, slotsOf } from './slot-journal.ts';

const SLOT = /^h[0-9]{1,3}$/;

/** The parts of the assembly that recovery uses. */
export interface OrphanedJournalsDeps extends Pick<Assembly, 'log' | 'fail' | 'health'> {
  readonly settings: Pick<Settings, 'dataDir' | 'gameProcesses' | 'slot'>;
}

/** Throws an OperatorError when a journal cannot be recovered now. Journals that are kept appear in `health`. */
export async function recoverOrphanedJournals(deps: OrphanedJournalsDeps, db: MainDb): Promise<void> {
  const { settings, log, health } = deps;
  const parent = journalsIn(settings.dataDir);
  await finishRemovals(parent);
  try {
    const kept = await recoverOrphans({
      world: realWorld,
      db,
      jobs: new SqlJobs(db, realWorld),
      log,
      servedSlots: slotsOf(settings),
      journals: slotJournals(parent, deps),
    });
    for (const { slot, reason } of kept) health[`journal ${slot}`] = () => reason;
  } catch (error) {
    if (!(error instanceof OrphanRecoveryError)) throw error;
    const { directory, message } = error;
    throw new OperatorError('slot-not-adopted', { directory, message }, { cause: error });
  }
}

function slotJournals(parent: string, { fail }: OrphanedJournalsDeps): SlotJournals {
  const directoryOf = (slot: string) => join(parent, slot);
  return {
    slots: async () => (await foldersIn(parent)).filter((name) => SLOT.test(name)),
    directoryOf,
    open: (slot) => openSlotJournal(directoryOf(slot), { fatal: fail }),
    remove: (slot) => removeFolder(directoryOf(slot)),
  };
}
