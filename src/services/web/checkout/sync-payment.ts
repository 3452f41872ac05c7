/**
 * The two ways in which the provider's decision about a payment reaches the order at once: a webhook, and a request
 * for the session when the buyer returns (the webhook may be late or lost). The third is reconcile-payments.ts.
 */
import type { Order } from '../../../ports/main-db/queries/orders.ts';
import type { WebDeps } from '../deps.ts';
import { fulfil, type FulfilOutcome } from './fulfil.ts';

/** Fetches the state of the order's latest session and applies it; a session that is still open changes nothing. */
export async function syncPayment(deps: WebDeps, order: Order): Promise<void> {
  if (order.state === 'paid' || order.session_id === null) return;
  const event = await deps.payments.fetchSession(order.session_id);
  if (event) await fulfil(deps, event);
}

/** Returns null if the webhook is not from the provider. */
export async function receiveWebhook(
  deps: WebDeps,
  rawBody: string,
  headers: Headers,
): Promise<FulfilOutcome | null> {
  const event = await deps.payments.readWebhook(rawBody, headers);
  return event && fulfil(deps, event);
}
