/** The journal of a slot: `<data folder>/journal/<slot>`. */
import { join } from 'node:path';
import type { Settings } from '../config.ts';
import { lockFile } from '../lib/lock.real.ts';
import { realWorld } from '../lib/world.real.ts';
import type { Disk } from '../ports/room-log/journal/disk.ts';
import { createRealDisk } from '../ports/room-log/journal/disk.real.ts';
import { type JournalOutcome, openJournal } from '../ports/room-log/room-log.journal.ts';

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

export interface SlotJournalOptions {
  /** The disk failed: stop the process. */
  readonly fatal: (error: Error) => void;
  /** A piece of it was read. */
  readonly read?: () => void;
  readonly waitMs?: number;
}

/** Waits a while for a process that is just leaving it. */
export async function openSlotJournal(
  directory: string,
  { fatal, read = () => {}, waitMs = LOCK_WAIT_MS }: SlotJournalOptions,
): Promise<JournalOutcome> {
  const { clock, timers } = realWorld;
  const until = clock.mono() + waitMs;
  const disk = toldOfReading(createRealDisk(), read);
  for (;;) {
    const opened = await openJournal({ disk, directory, world: realWorld, lock: lockFile, fatal });
    if (opened.ok || opened.code !== 'journal-in-use' || clock.mono() >= until) return opened;
    await new Promise<void>((resolve) => timers.after(LOCK_LOOK_MS, resolve));
  }
}

function toldOfReading(disk: Disk, told: () => void): Disk {
  return {
    ...disk,
    async open(path) {
      const reader = await disk.open(path);
      return {
        ...reader,
        async read(at, length) {
          const bytes = await reader.read(at, length);
          told();
          return bytes;
        },
      };
    },
  };
}
