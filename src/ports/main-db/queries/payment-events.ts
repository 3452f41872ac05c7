/** Events of the payment provider: each is recorded once, under its own id, before it has an effect (I9). */
import type { Reader, Tx } from '../main-db.ts';
import type { PaymentEventRow } from '../schema.ts';

/** True when the event is new; false = it was processed already and must be ignored. */
export async function recordPaymentEvent(tx: Tx, event: PaymentEventRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('payment_events')
    .values(event)
    .onConflict((conflict) => conflict.columns(['provider', 'event_id']).doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Checkouts of the order that ended as declined or cancelled. */
export async function failedPaymentAttempts(read: Reader, orderId: string): Promise<number> {
  const row = await read
    .selectFrom('payment_events')
    .select((of) => of.fn.countAll().as('count'))
    .where('order_id', '=', orderId)
    .where('state', 'in', ['declined', 'cancelled'])
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
