/** The journal of a slot: `<data folder>/journal/<slot>`. */
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { lockFile } from '../lib/lock.real.ts';
import { realWorld } from '../lib/world.real.ts';
import { createRealDisk } from '../ports/room-log/disk.real.ts';
import { type JournalOutcome, openJournal } from '../ports/room-log/journal.ts';

/** Longer than a game process needs that stops because its main process is gone. */
const LOCK_WAIT_MS = 10_000;
const LOCK_LOOK_MS = 100;

/** The slots that are served with these settings: the journals of others are left over. */
export function slotsOf({
  gameProcesses,
  slot,
}: Pick<Settings, 'gameProcesses' | 'slot'>): readonly string[] {
  return gameProcesses === 0 ? [slot] : Array.from({ length: gameProcesses }, (_, index) => `h${index + 1}`);
}

export function journalsIn(dataDir: string): string {
  return join(dataDir, 'journal');
}

/** Waits a while for a process that is just leaving it; `fatal`: the disk failed, stop the process. */
export async function openSlotJournal(
  directory: string,
  fatal: (error: Error) => void,
  waitMs = LOCK_WAIT_MS,
): Promise<JournalOutcome> {
  const { clock, timers } = realWorld;
  const until = clock.mono() + waitMs;
  for (;;) {
    const options = { disk: createRealDisk(), directory, world: realWorld, lock: lockFile, fatal };
    const opened = await openJournal(options);
    if (opened.ok || opened.code !== 'journal-in-use' || clock.mono() >= until) return opened;
    await new Promise<void>((resolve) => timers.after(LOCK_LOOK_MS, resolve));
  }
}
