/**
 * The pages on which buyers pay at the test provider. Their addresses, text keys and style classes begin with `till`:
 * they are stored or linked to, so they stay.
 */
import { z } from 'zod';
import { formatMoney } from '../../../domain/money.ts';
import type { TestSession } from '../../../ports/payments/test-provider.ts';
import { Page } from '../components/layout.tsx';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import { seeOther, sendError, sendPage } from '../http/respond.tsx';

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
