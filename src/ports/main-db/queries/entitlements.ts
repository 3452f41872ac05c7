/** Entitlements: found by the hash of the link's secret; the link can be sent again from the sealed secret. */
import type { Reader, Tx } from '../main-db.ts';
import type { EntitlementRow } from '../schema.ts';

export async function insertEntitlement(tx: Tx, entitlement: EntitlementRow): Promise<void> {
  await tx.insertInto('entitlements').values(entitlement).execute();
}

export async function entitlementById(read: Reader, id: string): Promise<EntitlementRow | null> {
  const found = await read.selectFrom('entitlements').selectAll().where('id', '=', id).executeTakeFirst();
  return found ?? null;
}

/** By the hash of the link's current secret; the secrets of links that were replaced are not found. */
export async function entitlementBySecretHash(
  read: Reader,
  secretHash: string,
): Promise<EntitlementRow | null> {
  const found = await read
    .selectFrom('entitlements')
    .selectAll()
    .where('secret_hash', '=', secretHash)
    .executeTakeFirst();
  return found ?? null;
}

export async function entitlementsByOrder(read: Reader, orderId: string): Promise<readonly EntitlementRow[]> {
  return read
    .selectFrom('entitlements')
    .selectAll()
    .where('order_id', '=', orderId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** Entitlements of the paid orders of an address, newest first. `email` must be normalised as stored addresses are. */
export async function entitlementsByEmail(
  read: Reader,
  email: string,
  limit: number,
): Promise<readonly EntitlementRow[]> {
  return read
    .selectFrom('entitlements')
    .innerJoin('orders', 'orders.id', 'entitlements.order_id')
    .selectAll('entitlements')
    .where('orders.email', '=', email)
    .where('orders.state', '=', 'paid')
    .orderBy('entitlements.created_at', 'desc')
    .orderBy('entitlements.id')
    .limit(limit)
    .execute();
}

/**
 * Replaces the link's secret and increments the generation if it is `from`. Returns the new generation;
 * null when the link was rotated in between, or there is no such entitlement.
 */
export async function rotateLink(
  tx: Tx,
  id: string,
  from: number,
  link: { readonly secret_hash: string; readonly secret_sealed: string },
): Promise<number | null> {
  const { numUpdatedRows } = await tx
    .updateTable('entitlements')
    .set({ ...link, generation: from + 1 })
    .where('id', '=', id)
    .where('generation', '=', from)
    .executeTakeFirst();
  return numUpdatedRows > 0n ? from + 1 : null;
}
