/**
 * What a payment does, once, whatever tells of it: the provider's webhook, the buyer's return, or
 * the reconciling look. All three call `fulfil` with the provider's event; several calls at the
 * same time are harmless, since exactly one of them turns the order to paid.
 */
import { decide, type Decision } from '../../domain/order.ts';
import { totalOf } from '../../domain/money.ts';
import { hashSecret, newSecret, seal } from '../../domain/secret.ts';
import { newId } from '../../domain/id.ts';
import type { Tx } from '../../ports/main-db/main-db.ts';
import { insertEntitlement } from '../../ports/main-db/queries/entitlements.ts';
import {
  closeOrder,
  markOrderPaid,
  type Order,
  orderById,
  setOrderSession,
} from '../../ports/main-db/queries/orders.ts';
import { recordPaymentEvent } from '../../ports/main-db/queries/payment-events.ts';
import type { PaymentEvent } from '../../ports/payments/payments.ts';
import type { WebDeps } from './deps.ts';

export type FulfilOutcome = Decision['kind'] | 'unknown-order';
type FulfilDeps = Pick<WebDeps, 'db' | 'jobs' | 'keys' | 'payments' | 'world'>;

/** As recorded with an event that a person must look at. */
export const ODD_EVENTS: readonly string[] = ['mismatch', 'double', 'unknown-order'];

export async function fulfil(deps: FulfilDeps, event: PaymentEvent): Promise<FulfilOutcome> {
  if (event.state === 'open') return 'nothing';
  return deps.db.write(async (tx) => {
    const now = deps.world.clock.now();
    const order = await orderById(tx, event.orderId);
    const decision = order && decide(factsOf(order), event);
    const kind = decision?.kind ?? 'unknown-order';
    // Under its own id, before it acts. A repeated event is decided anew: the order itself knows what was done.
    await recordPaymentEvent(tx, {
      provider: deps.payments.name,
      event_id: event.eventId,
      order_id: event.orderId,
      state: ODD_EVENTS.includes(kind) ? kind : event.state,
      received_at: now,
    });
    if (!order || !decision) return kind;
    if (decision.kind === 'close') await closeOrder(tx, order.id, decision.state);
    if (decision.kind === 'pay') await deliver(deps, tx, order, event.sessionId, now);
    return kind;
  });
}

function factsOf(order: Order) {
  return {
    state: order.state,
    sessionId: order.session_id,
    currency: order.currency,
    totalMinor: totalOf(order.lines).gross_minor,
  };
}

async function deliver(
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
      await insertEntitlement(tx, {
        ...newLink(deps, newId(deps.world.random)),
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
  // The mail names the order only: its links are unsealed when it is sent.
  const payload = {
    template: 'purchase',
    to: order.email,
    locale: order.locale,
    data: { order: order.id },
  } as const;
  await deps.jobs.enqueue(tx, { kind: 'mail', key: `purchase:${order.id}`, payload }, now);
}

/** A fresh link secret for the right to play `id`, in the two forms that are stored. */
export function newLink(deps: Pick<WebDeps, 'keys' | 'world'>, id: string) {
  const secret = newSecret(deps.world.random);
  return {
    id,
    secret_hash: hashSecret(secret),
    secret_sealed: seal(secret, deps.keys.seal, id, deps.world.random),
  };
}
