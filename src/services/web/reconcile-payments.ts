/**
 * Money received, link not received: the worst a shop can do. Webhooks get lost and buyers close
 * the page, so the shop itself asks the provider about every order that is still pending.
 */
import { pendingOrders } from '../../ports/main-db/queries/orders.ts';
import type { WebDeps } from './deps.ts';
import { fulfil } from './fulfil.ts';

const EVERY_MS = 60_000;
/** Younger orders are left to webhook and return page. */
const AGE_MIN_MS = 60_000;
/** Providers tell of a payment for three days. */
const AGE_MAX_MS = 3 * 24 * 3_600_000;
const ORDERS_PER_LOOK = 50;

export interface Reconciler {
  /** One round; answers how many orders became paid by it. */
  reconcile(): Promise<number>;
  start(onError: (error: unknown) => void): void;
  stop(): Promise<void>;
}

export function reconciler(deps: WebDeps): Reconciler {
  const { clock, timers } = deps.world;
  // Where the last round ended, so that many abandoned orders cannot hide a later one for ever.
  let from = 0;
  let cancel = () => {};
  let running: Promise<unknown> = Promise.resolve();
  let stopped = false;

  async function look(): Promise<number> {
    const now = clock.now();
    const begin = Math.max(from, now - AGE_MAX_MS);
    const orders = await pendingOrders(deps.db.read, begin, now - AGE_MIN_MS, ORDERS_PER_LOOK);
    from = orders.length < ORDERS_PER_LOOK ? 0 : (orders.at(-1)?.created_at ?? 0) + 1;
    let paid = 0;
    for (const { session_id } of orders) {
      const event = session_id === null ? null : await deps.payments.fetchSession(session_id);
      if (event && (await fulfil(deps, event)) === 'pay') paid += 1;
    }
    return paid;
  }

  function start(onError: (error: unknown) => void): void {
    cancel = timers.after(EVERY_MS, () => {
      running = look()
        .catch(onError)
        .then(() => (stopped ? undefined : start(onError)));
    });
  }

  return {
    reconcile: look,
    start,
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
