/** The mail with the links of a paid order, sent once after payment and again when the buyer asks for it. */
import type { Tx } from '../../../ports/main-db/main-db.ts';
import type { Order } from '../../../ports/main-db/queries/orders.ts';
import type { WebDeps } from '../deps.ts';

/** At most one mail per order is sent again in each period of this length. */
const RESEND_PERIOD_MS = 60_000;

/** Called in the transaction that marks the order paid. */
export function enqueuePurchaseMail(deps: Pick<WebDeps, 'jobs'>, tx: Tx, order: Order, now: number) {
  return enqueue(deps, tx, order, `purchase:${order.id}`, now);
}

export async function resendPurchaseMail(deps: WebDeps, order: Order): Promise<void> {
  const now = deps.world.clock.now();
  const key = `purchase-again:${order.id}:${Math.floor(now / RESEND_PERIOD_MS)}`;
  await deps.db.write((tx) => enqueue(deps, tx, order, key, now));
}

/** A second job with the same key is ignored. The payload names the order only: its links are unsealed on sending. */
function enqueue(deps: Pick<WebDeps, 'jobs'>, tx: Tx, order: Order, key: string, now: number) {
  const { id, email, locale } = order;
  const payload = { template: 'purchase', to: email, locale, data: { order: id } } as const;
  return deps.jobs.enqueue(tx, { kind: 'mail', key, payload }, now);
}
