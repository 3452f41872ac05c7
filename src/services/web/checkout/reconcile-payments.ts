/**
 * Webhooks get lost and buyers close the page before they return, so the shop itself fetches the payment session of
 * every order that is still pending. Without this a buyer could pay and never receive the links.
 */
import { startWorkerLoop, type WorkerLoop } from '../../../lib/worker-loop.ts';
import { pendingOrders } from '../../../ports/main-db/queries/orders.ts';
import type { WebDeps } from '../deps.ts';
import { fulfil } from './fulfil.ts';

const PERIOD_MS = 60_000;
/** Younger orders are left to the webhook and to the return page. */
const AGE_MIN_MS = 60_000;
/** Older orders are not checked: their sessions at the provider have long ended. */
const AGE_MAX_MS = 3 * 24 * 3_600_000;
const ORDERS_PER_ROUND = 50;

/** Returns a function that runs one round and returns how many orders it marked paid. */
export function createReconciler(deps: WebDeps): () => Promise<number> {
  // Where the last round ended, so that many abandoned orders do not keep later ones from being checked.
  let from = 0;
  return async () => {
    const now = deps.world.clock.now();
    const begin = Math.max(from, now - AGE_MAX_MS);
    const orders = await pendingOrders(deps.db.read, begin, now - AGE_MIN_MS, ORDERS_PER_ROUND);
    from = orders.length < ORDERS_PER_ROUND ? 0 : (orders.at(-1)?.created_at ?? 0) + 1;
    let paid = 0;
    for (const { session_id } of orders) {
      const event = session_id === null ? null : await deps.payments.fetchSession(session_id);
      if (event && (await fulfil(deps, event)) === 'pay') paid += 1;
    }
    return paid;
  };
}

/** Runs a round every PERIOD_MS; the first one PERIOD_MS after the start. */
export function startReconciling(deps: WebDeps, onError: (error: unknown) => void): WorkerLoop {
  const { random, timers } = deps.world;
  const reconcile = createReconciler(deps);
  let waited = false;
  return startWorkerLoop({
    timers,
    // There is one such loop, so its pause needs no jitter.
    random: { bytes: (length) => random.bytes(length), next: () => 0 },
    pauseMs: PERIOD_MS,
    async work() {
      if (waited) await reconcile();
      waited = true;
      return false;
    },
    onError,
  });
}
