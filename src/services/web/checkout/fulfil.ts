/**
 * Applies an event of the payment provider to its order, exactly once. Webhook, return page and reconciliation all
 * end here. Calls for the same order may run at the same time: exactly one of them marks it paid and delivers.
 */
import { decide, type Decision } from '../../../domain/order.ts';
import { totalOf } from '../../../domain/money.ts';
import { newId } from '../../../domain/id.ts';
import type { Tx } from '../../../ports/main-db/main-db.ts';
import { insertEntitlement } from '../../../ports/main-db/queries/entitlements.ts';
import {
  closeOrder,
  markOrderPaid,
  type Order,
  orderById,
  setOrderSession,
} from '../../../ports/main-db/queries/orders.ts';
import { recordPaymentEvent } from '../../../ports/main-db/queries/payment-events.ts';
import type { PaymentEvent } from '../../../ports/payments/payments.ts';
import type { WebDeps } from '../deps.ts';
import { newLink } from '../links/team-link.ts';
import { enqueuePurchaseMail } from './purchase-mail.ts';

export type FulfilOutcome = Decision['kind'] | 'unknown-order';
type FulfilDeps = Pick<WebDeps, 'db' | 'jobs' | 'keys' | 'payments' | 'world'>;

/** Outcomes that are stored as the event's state, for the studio to check. */
export const PROBLEM_EVENTS: readonly string[] = ['mismatch', 'double', 'unknown-order'];

export async function fulfil(deps: FulfilDeps, event: PaymentEvent): Promise<FulfilOutcome> {
  if (event.state === 'open') return 'nothing';
  return deps.db.write(async (tx) => {
    const now = deps.world.clock.now();
    const order = await orderById(tx, event.orderId);
    const decision = order && decide(orderFacts(order), event);
    const kind = decision?.kind ?? 'unknown-order';
    // Recorded under its own id before it is applied (I9). A repeated event is decided again, from the order's state.
    await recordPaymentEvent(tx, {
      provider: deps.payments.name,
      event_id: event.eventId,
      order_id: event.orderId,
      state: PROBLEM_EVENTS.includes(kind) ? kind : event.state,
      received_at: now,
    });
    if (!order || !decision) return kind;
    if (decision.kind === 'close') await closeOrder(tx, order.id, decision.state);
    if (decision.kind === 'pay') await deliverOrder(deps, tx, order, event.sessionId, now);
    return kind;
  });
}

function orderFacts(order: Order) {
  return {
    state: order.state,
    sessionId: order.session_id,
    currency: order.currency,
    totalMinor: totalOf(order.lines).gross_minor,
  };
}

/** Marks the order paid and creates its entitlements and mail job, unless another call did so before. */
async function deliverOrder(
  deps: FulfilDeps,
  tx: Tx,
  order: Order,
  sessionId: string,
  now: number,
): Promise<void> {
  if (!(await markOrderPaid(tx, order.id, now))) return;
  await setOrderSession(tx, order.id, sessionId);
  for (const line of order.lines) {
    for (let copy = 0; copy < line.quantity; copy += 1) {
      const id = newId(deps.world.random);
      await insertEntitlement(tx, {
        id,
        ...newLink(deps, id).stored,
        order_id: order.id,
        game: line.game,
        kind: 'bought',
        generation: 0,
        room: null,
        created_at: now,
        first_played_at: null,
      });
    }
  }
  await enqueuePurchaseMail(deps, tx, order, now);
}
