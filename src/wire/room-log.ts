/** The room log of the rooms that this process serves: the journal of its slot. */
import { join } from 'node:path';
import { OperatorError } from '../errors.ts';
import type { RoomLog } from '../ports/room-log/room-log.ts';
import type { Assembly } from './assembly.ts';
import { journalsIn, openSlotJournal } from './slot-journal.ts';

/** Throws an OperatorError when the journal is damaged or in use. */
export async function openRoomLog({ settings, fail, onProgress, stops }: Assembly): Promise<RoomLog> {
  const directory = join(journalsIn(settings.dataDir), settings.slot);
  const opened = await openSlotJournal(directory, { fatal: fail, onProgress });
  if (!opened.ok) throw new OperatorError('journal-unusable', { message: opened.message });
  const { journal } = opened;
  stops.push(() => journal.close());
  return journal;
}
