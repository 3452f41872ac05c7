/** "Send me my links": the form, and a page that is the same for known and unknown addresses. */
import { isEmail } from '../checkout/checkout-form.ts';
import { requestLinks } from '../links/request-links.ts';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import { Field } from '../components/form.tsx';
import { Page } from '../components/layout.tsx';
import { seeOther, sendPage } from '../http/respond.tsx';

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
    if (!isEmail(given)) return sendPage(<ResendPage c={c} value={given} faulty />, 422);
    await requestLinks(deps, given, c.var.locale);
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
