/** Events of the payment provider: each is recorded once, under its own id, before it acts (rule 9). */
import type { Tx } from '../main-db.ts';
import type { PaymentEventRow } from '../schema.ts';

/** True the first time the event is seen; false = it acted already, do nothing. */
export async function recordPaymentEvent(tx: Tx, event: PaymentEventRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('payment_events')
    .values(event)
    .onConflict((conflict) => conflict.columns(['provider', 'event_id']).doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}
