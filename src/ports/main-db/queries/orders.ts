/** Orders and their lines. Totals are sums of lines and are not stored. */
import type { Reader, Tx } from '../main-db.ts';
import type { OrderLineRow, OrderRow } from '../schema.ts';

export interface Order extends OrderRow {
  /** In the order of `line`; at least one. */
  readonly lines: readonly OrderLineRow[];
}

/** Lines are numbered from 1. The database rejects a line unless net + tax = gross. */
export async function insertOrder(
  tx: Tx,
  order: OrderRow,
  lines: readonly Omit<OrderLineRow, 'order_id' | 'line'>[],
): Promise<void> {
  await tx.insertInto('orders').values(order).execute();
  await tx
    .insertInto('order_lines')
    .values(lines.map((line, index) => ({ ...line, order_id: order.id, line: index + 1 })))
    .execute();
}

export async function orderById(read: Reader, id: string): Promise<Order | null> {
  return withLines(read, await read.selectFrom('orders').selectAll().where('id', '=', id).executeTakeFirst());
}

/** By the SHA-256 (hex) of the secret in the address of the buyer's page. */
export async function orderBySecretHash(read: Reader, secretHash: string): Promise<Order | null> {
  return withLines(
    read,
    await read.selectFrom('orders').selectAll().where('secret_hash', '=', secretHash).executeTakeFirst(),
  );
}

/** By the payment provider's id of the checkout. */
export async function orderBySession(
  read: Reader,
  provider: string,
  sessionId: string,
): Promise<Order | null> {
  return withLines(
    read,
    await read
      .selectFrom('orders')
      .selectAll()
      .where('provider', '=', provider)
      .where('session_id', '=', sessionId)
      .executeTakeFirst(),
  );
}

/** Stores the provider's session id; false if the order is unknown. */
export async function setOrderSession(tx: Tx, id: string, sessionId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('orders')
    .set({ session_id: sessionId })
    .where('id', '=', id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Returns true exactly once per order, however often it is called: the caller that gets true creates
 * the entitlements and the mail job in the same transaction. A declined order may be paid later.
 */
export async function markOrderPaid(tx: Tx, id: string, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('orders')
    .set({ state: 'paid', paid_at: now })
    .where('id', '=', id)
    .where('state', '!=', 'paid')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** False when the order is not pending: a late decline does not change a paid order. */
export async function closeOrder(tx: Tx, id: string, state: 'declined' | 'cancelled'): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('orders')
    .set({ state })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Makes a declined or cancelled order pending for another payment attempt; false if it is paid or pending. */
export async function reopenOrder(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('orders')
    .set({ state: 'pending', session_id: null })
    .where('id', '=', id)
    .where('state', 'in', ['declined', 'cancelled'])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** One page for the admin page, newest first; `before` = the last order of the previous page. */
export async function listOrders(
  read: Reader,
  page: { readonly limit: number; readonly before?: { readonly created_at: number; readonly id: string } },
): Promise<readonly Order[]> {
  let query = read
    .selectFrom('orders')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit);
  const { before } = page;
  if (before) {
    query = query.where((where) =>
      where.or([
        where('created_at', '<', before.created_at),
        where.and([where('created_at', '=', before.created_at), where('id', '<', before.id)]),
      ]),
    );
  }
  const orders = await query.execute();
  const lines = await linesOf(
    read,
    orders.map((order) => order.id),
  );
  return orders.map((order) => ({ ...order, lines: lines.filter((line) => line.order_id === order.id) }));
}

/** Pending orders created in [from, until), oldest first: for the reconciliation of payments. */
export async function pendingOrders(
  read: Reader,
  from: number,
  until: number,
  limit: number,
): Promise<readonly OrderRow[]> {
  return read
    .selectFrom('orders')
    .selectAll()
    .where('state', '=', 'pending')
    .where('created_at', '>=', from)
    .where('created_at', '<', until)
    .orderBy('created_at')
    .limit(limit)
    .execute();
}

async function withLines(read: Reader, order: OrderRow | undefined): Promise<Order | null> {
  return order ? { ...order, lines: await linesOf(read, [order.id]) } : null;
}

async function linesOf(read: Reader, orderIds: readonly string[]): Promise<readonly OrderLineRow[]> {
  if (orderIds.length === 0) return [];
  return read
    .selectFrom('order_lines')
    .selectAll()
    .where('order_id', 'in', orderIds)
    .orderBy('order_id')
    .orderBy('line')
    .execute();
}
