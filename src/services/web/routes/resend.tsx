/**
 * "Send me my links": the same answer, after the same work, for known and unknown addresses. The
 * page only enqueues; whether there is anything to send is found out by the mailer.
 */
import { z } from 'zod';
import { normaliseEmail } from '../../../domain/order.ts';
import { hashSecret } from '../../../domain/secret.ts';
import type { RouteModule, WebContext } from '../route-types.ts';
import { Field } from '../components/form.tsx';
import { Page } from '../layout.tsx';
import { seeOther, sendPage } from '../respond.tsx';

/** One mail per address in this time: nobody's mailbox can be flooded through us. */
const MAIL_EVERY_MS = 10 * 60_000;
const emailSchema = z.email().max(254);

export const resendRoutes: RouteModule = (routes, deps) => {
  routes.get('/resend', (c) => sendPage(<ResendPage c={c} value="" faulty={false} />));

  routes.get('/resend/sent', (c) => {
    const { t } = c.var;
    return sendPage(
      <Page c={c} title={t('order.resend_title')}>
        <article class="narrow notice-page">
          <h1>{t('order.resend_sent_title')}</h1>
          <p class="lead">{t('order.resend_sent_text')}</p>
          <p>{t('order.resend_sent_help', { support: deps.studio.support.email })}</p>
        </article>
      </Page>,
    );
  });

  routes.postForm('/resend', { limit: { burst: 5, perMinute: 1 } }, async (c, form) => {
    const given = form.get('email') ?? '';
    const email = normaliseEmail(given);
    if (!emailSchema.safeParse(email).success) {
      return sendPage(<ResendPage c={c} value={given} faulty />, 422);
    }
    const now = deps.world.clock.now();
    const key = `resend:${hashSecret(email)}:${Math.floor(now / MAIL_EVERY_MS)}`;
    const payload = { template: 'resend', to: email, locale: c.var.locale, data: {} } as const;
    await deps.db.write((tx) => deps.jobs.enqueue(tx, { kind: 'mail', key, payload }, now));
    return seeOther('/resend/sent');
  });
};

interface ResendProps {
  readonly c: WebContext;
  readonly value: string;
  readonly faulty: boolean;
}

function ResendPage({ c, value, faulty }: ResendProps) {
  const { t } = c.var;
  return (
    <Page c={c} title={t('order.resend_title')} description={t('order.resend_text')}>
      <div class="narrow">
        <h1>{t('order.resend_title')}</h1>
        <p class="lead">{t('order.resend_text')}</p>
        <form method="post" action="/resend" class="form form-card">
          <Field
            name="email"
            type="email"
            label={t('shop.email')}
            value={value}
            error={faulty ? t('shop.fault_email') : undefined}
            autocomplete="email"
          />
          <button class="button" type="submit">
            {t('order.resend_button')}
          </button>
        </form>
      </div>
    </Page>
  );
}
