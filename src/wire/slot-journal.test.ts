/** Opening the journal of a slot while another process may still hold its lock. */
import { afterEach, expect, test, setDefaultTimeout } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/processes/command-line.ts';
import { lockFile } from '../lib/lock.real.ts';
import { openSlotJournal, slotsOf } from './slot-journal.ts';

// Creating segments can be slow on a busy disk.
setDefaultTimeout(60_000);

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step();
});

/** A slot's folder whose lock is held. */
function lockedFolder(): { directory: string; release(): void } {
  const folder = temporaryFolder('slot');
  undo.push(() => folder.remove());
  const directory = join(folder.path, 'h1');
  mkdirSync(directory);
  const lock = lockFile(join(directory, 'lock'));
  if (!lock.ok) throw new Error('the lock was not free');
  undo.push(() => lock.release());
  return { directory, release: () => lock.release() };
}

const fatal = (error: Error): never => {
  throw error;
};

test('waits for the lock of a process that is stopping', async () => {
  const { directory, release } = lockedFolder();
  const opening = openSlotJournal(directory, { fatal });
  // The first try has failed before this runs.
  setTimeout(release, 50);
  const opened = await opening;
  if (!opened.ok) throw new Error(opened.message);
  await opened.journal.close();
});

test('a lock that stays held is an error after lockWaitMs', async () => {
  const { directory } = lockedFolder();
  const opened = await openSlotJournal(directory, { fatal, lockWaitMs: 150 });
  expect(opened).toMatchObject({ ok: false, code: 'journal-in-use' });
});

test('without game processes the only slot is the configured one, with them the slots are h1, h2, …', () => {
  expect(slotsOf({ gameProcesses: 0, slot: 'h7' })).toEqual(['h7']);
  expect(slotsOf({ gameProcesses: 3, slot: 'h1' })).toEqual(['h1', 'h2', 'h3']);
});
