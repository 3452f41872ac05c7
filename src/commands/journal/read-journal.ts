/** What the `escapement journal` commands work on, and how they read the journal of a slot. */
import { OperatorError } from '../../errors.ts';
import { type Disk, DiskError } from '../../ports/room-log/journal/disk.ts';
import { type Inspection, inspect } from '../../ports/room-log/journal/inspect.ts';
import type { Terminal } from '../command.ts';

export interface JournalCommandDeps {
  readonly disk: Disk;
  /** Folder of the slot's journal. */
  readonly dir: string;
  readonly terminal: Terminal;
  /** Name of the requested room; null = all. */
  readonly room: string | null;
  readonly flags: ReadonlySet<string>;
  /** Path of the output file; null = standard output. */
  readonly out: string | null;
}

/**
 * `keep` selects the rooms whose live entries are returned. Throws an OperatorError if there is no journal, or no
 * room with the requested name.
 */
export async function readJournal(
  { disk, dir, room }: JournalCommandDeps,
  keep: (room: string) => boolean,
): Promise<Inspection> {
  let found: Inspection;
  try {
    found = await inspect(disk, dir, keep);
  } catch (error) {
    if (error instanceof DiskError && error.fault === 'missing') {
      throw new OperatorError('journal-missing', { dir }, { cause: error });
    }
    throw new OperatorError('journal-unusable', {
      message: `The journal in ${dir} cannot be read: ${String(error)}`,
    });
  }
  if (found.segments.length === 0) throw new OperatorError('journal-missing', { dir });
  if (room !== null && !found.rooms.get(room) && !found.lost.some((lost) => lost.room === room)) {
    throw new OperatorError('journal-room-unknown', { dir, room });
  }
  return found;
}
