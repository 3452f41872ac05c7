/** Webhooks of the payment provider, and the pages of the test till when that is the provider. */
import { z } from 'zod';
import { formatMoney } from '../../../domain/money.ts';
import type { TestSession } from '../../../ports/payments/test-provider.ts';
import type { RouteModule, WebContext } from '../route-types.ts';
import { fulfil } from '../fulfil.ts';
import { Page } from '../layout.tsx';
import { seeOther, sendError, sendJson, sendJsonError, sendPage } from '../respond.tsx';

const WEBHOOK_BYTES_MAX = 64 * 1024;

export const webhookRoutes: RouteModule = (routes, deps) => {
  const options = {
    // All from a few addresses of the provider, in bursts after an outage.
    limit: { burst: 500, perMinute: 6_000 },
    bytesMax: WEBHOOK_BYTES_MAX,
    // Proves itself by its signature.
    origin: 'any',
    refusal: 'json',
  } as const;
  routes.postRaw(`/webhooks/${deps.payments.name}`, options, async (c, body) => {
    const event = await deps.payments.readWebhook(body, c.req.raw.headers);
    if (!event) return sendJsonError('webhook-bad');
    // Whatever it meant to us, we have it: another delivery would change nothing.
    return sendJson({ received: true, outcome: await fulfil(deps, event) });
  });
};

const orderSchema = z.object({
  action: z.enum(['pay', 'decline', 'cancel']),
  webhook: z.enum(['first', 'late', 'twice', 'never']),
});

export const testProviderRoutes: RouteModule = (routes, deps) => {
  const { testCheckout: till } = deps;
  if (!till) return;

  routes.get('/till/:session', async (c) => {
    const session = await till.session(c.req.param('session'));
    return session ? sendPage(<TillPage c={c} session={session} />) : sendError(c, 'till-unknown');
  });

  routes.postForm('/till/:session', { limit: { burst: 20, perMinute: 20 } }, async (c, form) => {
    const given = orderSchema.safeParse(Object.fromEntries(form));
    if (!given.success) return sendError(c, 'bad-request');
    const back = await till.act(c.req.param('session'), given.data.action, given.data.webhook);
    return back === null ? sendError(c, 'till-unknown') : seeOther(back);
  });
};

const WEBHOOKS = ['first', 'late', 'twice', 'never'] as const;

function TillPage({ c, session }: { readonly c: WebContext; readonly session: TestSession }) {
  const { t, locale } = c.var;
  const price = formatMoney({ minor: session.totalMinor, currency: session.currency }, locale);
  const open = session.state === 'open';
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
          {open || <output>{t(`till.closed_${session.state}`)}</output>}
          {open && (
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
          {open && <WebhookChoice c={c} />}
          {open || (
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
        {WEBHOOKS.map((kind) => (
          <label class="tick">
            <input type="radio" name="webhook" value={kind} checked={kind === 'first'} />
            <span>{t(`till.webhook_${kind}`)}</span>
          </label>
        ))}
      </fieldset>
    </details>
  );
}
