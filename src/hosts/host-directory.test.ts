/** The directory of hosts, on a real SQLite. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/processes/command-line.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import { openSqlite } from '../ports/main-db/main-db.sqlite.ts';
import { hostBySlot } from '../ports/main-db/queries/hosts.ts';
import { claimSlot, recordExit, recordLoads } from './host-directory.ts';

let db: MainDb;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  folder = temporaryFolder('directory');
  const onLost = (error: Error) => expect(error).toBeNull();
  db = await openSqlite({ path: join(folder.path, 'main.sqlite'), onLost });
});
afterEach(async () => {
  await db.close();
  folder.remove();
});

const claim = (bootId: string) => claimSlot(db, { slot: 'h1', bootId, version: '1.0.0' });

test('a boot claims a new slot, and the next boot claims it from that one', async () => {
  await claim('first');
  expect(await hostBySlot(db.read, 'h1')).toMatchObject({
    boot_id: 'first',
    state: 'ready',
    version: '1.0.0',
  });
  await claim('second');
  expect(await hostBySlot(db.read, 'h1')).toMatchObject({ boot_id: 'second', state: 'ready', load: 0 });
});

test('loads are recorded for the boots that serve, and an exit for the boot that had the slot', async () => {
  await claim('first');
  await recordLoads(db, [
    { name: 'h1', currentLoad: { bootId: 'first', load: 7 } },
    { name: 'h2', currentLoad: null },
  ]);
  expect((await hostBySlot(db.read, 'h1'))?.load).toBe(7);
  await recordExit(db, 'h1', 'somebody else');
  expect((await hostBySlot(db.read, 'h1'))?.state).toBe('ready');
  await recordExit(db, 'h1', 'first');
  expect(await hostBySlot(db.read, 'h1')).toMatchObject({ state: 'dead', load: 0 });
});
