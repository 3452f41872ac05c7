/** Sends the buyer to the payment provider, for the first attempt to pay an order and for later ones. */
import { cancelLink, returnLink } from '../../../domain/links.ts';
import { totalOf } from '../../../domain/money.ts';
import { orderSecret } from '../../../domain/secret.ts';
import {
  type Order,
  orderById,
  reopenOrder,
  setOrderSession,
} from '../../../ports/main-db/queries/orders.ts';
import { failedPaymentAttempts } from '../../../ports/main-db/queries/payment-events.ts';
import type { WebDeps } from '../deps.ts';
import { syncPayment } from './sync-payment.ts';

/**
 * Creates the provider's checkout session for the order's current attempt, or gets it if it exists already.
 * Returns the address to send the buyer to.
 */
export async function startPayment(deps: WebDeps, order: Order): Promise<string> {
  const secret = orderSecret(order.id, deps.keys.seal);
  const session = await deps.payments.createCheckout({
    orderId: order.id,
    attempt: (await failedPaymentAttempts(deps.db.read, order.id)) + 1,
    email: order.email,
    locale: order.locale,
    currency: order.currency,
    totalMinor: totalOf(order.lines).gross_minor,
    title: order.lines.map((line) => line.title).join(', '),
    successUrl: returnLink(deps.url, secret),
    cancelUrl: cancelLink(deps.url, secret),
  });
  await deps.db.write((tx) => setOrderSession(tx, order.id, session.sessionId));
  return session.url;
}

/** Starts another attempt. Returns null if the order turns out to be paid. */
export async function retryPayment(deps: WebDeps, known: Order): Promise<string | null> {
  await syncPayment(deps, known);
  const order = await orderById(deps.db.read, known.id);
  if (!order || order.state === 'paid') return null;
  await deps.db.write((tx) => reopenOrder(tx, order.id));
  return startPayment(deps, order);
}
