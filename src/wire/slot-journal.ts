/** The journal of a slot: `<data folder>/journal/<slot>`. */
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { lockFile } from '../lib/lock.real.ts';
import { realWorld } from '../lib/world.real.ts';
import { createRealDisk } from '../ports/room-log/journal/disk.real.ts';
import { type JournalDeps, type JournalOutcome, openJournal } from '../ports/room-log/room-log.journal.ts';

/** Longer than a game process takes to stop after its main process has ended. */
const LOCK_WAIT_MS = 10_000;

/** The slots that are served with these settings; journals of other slots are orphans. */
export function slotsOf({
  gameProcesses,
  slot,
}: Pick<Settings, 'gameProcesses' | 'slot'>): readonly string[] {
  return gameProcesses === 0 ? [slot] : Array.from({ length: gameProcesses }, (_, index) => `h${index + 1}`);
}

export function journalsIn(dataDir: string): string {
  return join(dataDir, 'journal');
}

export type SlotJournalDeps = Pick<JournalDeps, 'fatal' | 'onProgress' | 'lockWaitMs'>;

export function openSlotJournal(directory: string, deps: SlotJournalDeps): Promise<JournalOutcome> {
  const disk = createRealDisk();
  return openJournal({
    disk,
    directory,
    world: realWorld,
    lock: lockFile,
    lockWaitMs: LOCK_WAIT_MS,
    ...deps,
  });
}
