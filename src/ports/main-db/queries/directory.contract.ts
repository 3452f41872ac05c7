/** The contract of the directory of hosts on every engine. */
import { beforeAll, expect, test } from 'bun:test';
import type { MainDb } from '../main-db.ts';
import type { Pair } from '../test-database.fixture.ts';
import { allHosts, bootHost, hostBySlot, removeHost, updateHost } from './hosts.ts';
import { host } from './rows.fixture.ts';

export function directoryContract(pair: () => Promise<Pair>): void {
  let db: MainDb;
  let other: MainDb;
  beforeAll(async () => {
    ({ one: db, two: other } = await pair());
  });
  const boot = (from: MainDb, bootId: string, was: string | null) =>
    from.write((tx) => bootHost(tx, host('h1', bootId), was));

  test('of two processes that boot into one slot at once, exactly one gets it', async () => {
    expect((await Promise.all([boot(db, 'b1', null), boot(other, 'b2', null)])).toSorted()).toEqual([
      false,
      true,
    ]);
    const held = (await hostBySlot(db.read, 'h1'))?.boot_id ?? '';
    const next = await Promise.all([boot(db, 'b3', held), boot(other, 'b4', held)]);
    expect(next.toSorted()).toEqual([false, true]);
    expect((await hostBySlot(db.read, 'h1'))?.boot_id).toBe(next[0] ? 'b3' : 'b4');
  });

  test('a boot that lost its slot cannot change the slot', async () => {
    const update = (bootId: string) =>
      db.write((tx) => updateHost(tx, 'h1', bootId, { state: 'draining', load: 3 }));
    expect(await update('b1')).toBe(false);
    expect(await update((await hostBySlot(db.read, 'h1'))?.boot_id ?? '')).toBe(true);
    expect(await allHosts(db.read)).toMatchObject([{ slot: 'h1', state: 'draining', load: 3 }]);
    expect(await hostBySlot(db.read, 'h9')).toBeNull();
  });

  test('removing a slot removes it alone, and can be repeated', async () => {
    await db.write((tx) => bootHost(tx, host('h2', 'b5'), null));
    await db.write((tx) => removeHost(tx, 'h2'));
    await db.write((tx) => removeHost(tx, 'h2'));
    expect((await allHosts(db.read)).map(({ slot }) => slot)).toEqual(['h1']);
  });
}
