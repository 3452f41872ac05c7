/**
 * Webhooks of the payment provider, and the pages on which buyers pay when that is the test provider. Addresses,
 * text keys and style classes of the test provider begin with `till`: they are stored or linked to, so they stay.
 */
import { z } from 'zod';
import { formatMoney } from '../../../domain/money.ts';
import type { TestSession } from '../../../ports/payments/test-provider.ts';
import { receiveWebhook } from '../checkout/sync-payment.ts';
import { Page } from '../components/layout.tsx';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import { seeOther, sendError, sendJson, sendJsonError, sendPage } from '../http/respond.tsx';

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

const WEBHOOK_TIMINGS = ['first', 'late', 'twice', 'never'] as const;
const choiceSchema = z.object({
  action: z.enum(['pay', 'decline', 'cancel']),
  webhook: z.enum(WEBHOOK_TIMINGS),
});

export const testProviderRoutes: RouteModule = (routes, deps) => {
  const { testCheckout } = deps;
  if (!testCheckout) return;

  routes.get('/till/:session', async (c) => {
    const session = await testCheckout.fetchSession(c.req.param('session'));
    return session ? sendPage(<TestCheckoutPage c={c} session={session} />) : sendError(c, 'till-unknown');
  });

  routes.postForm('/till/:session', { limit: { burst: 20, perMinute: 20 } }, async (c, form) => {
    const choice = choiceSchema.safeParse(Object.fromEntries(form));
    if (!choice.success) return sendError(c, 'bad-request');
    const { action, webhook } = choice.data;
    const address = await testCheckout.closeSession(c.req.param('session'), action, webhook);
    return address === null ? sendError(c, 'till-unknown') : seeOther(address);
  });
};

function TestCheckoutPage({ c, session }: { readonly c: WebContext; readonly session: TestSession }) {
  const { t, locale } = c.var;
  const price = formatMoney({ minor: session.totalMinor, currency: session.currency }, locale);
  const isOpen = session.state === 'open';
  return (
    <Page c={c} title={t('till.title')}>
      <div class="narrow till">
        <h1>{t('till.title')}</h1>
        <p class="lead">{t('till.text')}</p>
        <form method="post" action={`/till/${session.id}`} class="form form-card till-slip">
          <p class="summary-total">
            <span>{session.title}</span>
            <span class="price">{price}</span>
          </p>
          {isOpen || <output>{t(`till.closed_${session.state}`)}</output>}
          {isOpen && (
            <>
              <button class="button button-big" type="submit" name="action" value="pay">
                {t('till.pay', { price })}
              </button>
              <div class="button-row">
                <button class="button button-plain" type="submit" name="action" value="decline">
                  {t('till.decline')}
                </button>
                <button class="button button-plain" type="submit" name="action" value="cancel">
                  {t('till.cancel')}
                </button>
              </div>
            </>
          )}
          {isOpen && <WebhookChoice c={c} />}
          {isOpen || (
            <>
              <input type="hidden" name="webhook" value="never" />
              <button class="button" type="submit" name="action" value="pay">
                {t('till.back')}
              </button>
            </>
          )}
        </form>
      </div>
    </Page>
  );
}

function WebhookChoice({ c }: { readonly c: WebContext }) {
  const { t } = c.var;
  return (
    <details>
      <summary>{t('till.webhook_title')}</summary>
      <fieldset class="choices">
        <legend>{t('till.webhook_text')}</legend>
        {WEBHOOK_TIMINGS.map((kind) => (
          <label class="tick">
            <input type="radio" name="webhook" value={kind} checked={kind === 'first'} />
            <span>{t(`till.webhook_${kind}`)}</span>
          </label>
        ))}
      </fieldset>
    </details>
  );
}
