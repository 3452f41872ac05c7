/** Webhooks of the payment provider. */
import { receiveWebhook } from '../checkout/sync-payment.ts';
import type { RouteModule } from '../http/route-types.ts';
import { sendJson, sendJsonError } from '../http/respond.tsx';

const WEBHOOK_BYTES_MAX = 64 * 1024;

export const webhookRoutes: RouteModule = (routes, deps) => {
  const options = {
    // The provider sends from a few addresses, in bursts after an outage.
    limit: { burst: 500, perMinute: 6_000 },
    bytesMax: WEBHOOK_BYTES_MAX,
    // Authenticated by the signature.
    origin: 'any',
    refusal: 'json',
  } as const;
  routes.postRaw(`/webhooks/${deps.payments.name}`, options, async (c, body) => {
    const outcome = await receiveWebhook(deps, body, c.req.raw.headers);
    // 200 whatever the outcome: the event is recorded, and sending it again would change nothing.
    return outcome === null ? sendJsonError('webhook-bad') : sendJson({ received: true, outcome });
  });
};
