/** The directory of hosts: which process serves a slot now. */
import type { Reader, Tx } from '../main-db.ts';
import type { HostRow } from '../schema.ts';

/**
 * Registers a new boot for a slot if its boot id is still the one that the caller read (null = the slot is new).
 * False: another process booted in between, and this one must not serve the slot.
 */
export async function bootHost(tx: Tx, host: HostRow, fromBootId: string | null): Promise<boolean> {
  if (fromBootId === null) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('hosts')
      .values(host)
      .onConflict((conflict) => conflict.column('slot').doNothing())
      .executeTakeFirst();
    return (numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const { slot, ...rest } = host;
  const { numUpdatedRows } = await tx
    .updateTable('hosts')
    .set(rest)
    .where('slot', '=', slot)
    .where('boot_id', '=', fromBootId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Changes state, load or lease of a boot; false when another boot has the slot. */
export async function updateHost(
  tx: Tx,
  slot: string,
  bootId: string,
  change: Partial<Pick<HostRow, 'state' | 'load' | 'lease_until'>>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('hosts')
    .set(change)
    .where('slot', '=', slot)
    .where('boot_id', '=', bootId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** For a slot that is no longer served: its rooms can be placed elsewhere afterwards. */
export async function removeHost(tx: Tx, slot: string): Promise<void> {
  await tx.deleteFrom('hosts').where('slot', '=', slot).execute();
}

export async function hostBySlot(read: Reader, slot: string): Promise<HostRow | null> {
  const found = await read.selectFrom('hosts').selectAll().where('slot', '=', slot).executeTakeFirst();
  return found ?? null;
}

export async function allHosts(read: Reader): Promise<readonly HostRow[]> {
  return read.selectFrom('hosts').selectAll().orderBy('slot').execute();
}
