/** Opening the journal of a slot that somebody may still be leaving. */
import { afterEach, expect, test, setDefaultTimeout } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/processes/command-line.ts';
import { lockFile } from '../lib/lock.real.ts';
import { openSlotJournal, slotsOf } from './slot-journal.ts';

// A busy disk takes its time for making segments.
setDefaultTimeout(60_000);

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step();
});

/** A slot's folder whose lock somebody holds. */
function held(): { directory: string; release(): void } {
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

test('the lock of a process that is just stopping is waited for', async () => {
  const { directory, release } = held();
  const opening = openSlotJournal(directory, { fatal });
  // It has looked once, and found the lock taken, before this runs.
  setTimeout(release, 50);
  const opened = await opening;
  if (!opened.ok) throw new Error(opened.message);
  await opened.journal.close();
});

test('a stranger who keeps the lock is told of after a bounded time', async () => {
  const { directory } = held();
  const opened = await openSlotJournal(directory, { fatal, waitMs: 150 });
  expect(opened).toMatchObject({ ok: false, code: 'journal-in-use' });
});

test('without game processes there is the one slot that was chosen, with them h1 and those after it', () => {
  expect(slotsOf({ gameProcesses: 0, slot: 'h7' })).toEqual(['h7']);
  expect(slotsOf({ gameProcesses: 3, slot: 'h1' })).toEqual(['h1', 'h2', 'h3']);
});
