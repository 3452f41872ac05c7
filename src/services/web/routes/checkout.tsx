/** The checkout of a game, and the buyer's way back from the payment provider. */
import { orderPath } from '../../../domain/links.ts';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import {
  type CheckoutFaults,
  checkoutFaults,
  type CheckoutForm,
  EMPTY_FORM,
  readCheckoutForm,
} from '../checkout/checkout-form.ts';
import { findOrder } from '../checkout/find-order.ts';
import { placeOrder } from '../checkout/place-order.ts';
import { startPayment } from '../checkout/start-payment.ts';
import { syncPayment } from '../checkout/sync-payment.ts';
import { Field, Tick } from '../components/form.tsx';
import { Facts, Price } from '../components/game.tsx';
import { Page } from '../components/layout.tsx';
import { seeOther, sendError, sendPage } from '../http/respond.tsx';
import { findShopGame, type ShopGame } from '../shop/catalogue.ts';

export const checkoutRoutes: RouteModule = (routes, deps) => {
  routes.get('/games/:slug/buy', async (c) => {
    const game = await findShopGame(deps.db.read, c.req.param('slug'), c.var.locale);
    if (!game?.price) return sendError(c, 'not-found');
    return sendPage(<CheckoutPage c={c} game={game} form={EMPTY_FORM} errors={{}} />);
  });

  routes.postForm('/games/:slug/buy', { limit: { burst: 10, perMinute: 5 } }, async (c, form) => {
    const game = await findShopGame(deps.db.read, c.req.param('slug'), c.var.locale);
    if (!game?.price) return sendError(c, 'not-found');
    const given = readCheckoutForm(form);
    const errors = checkoutFaults(given);
    if (Object.keys(errors).length > 0) {
      return sendPage(<CheckoutPage c={c} game={game} form={given} errors={errors} />, 422);
    }
    const order = await placeOrder(deps, game, given.email, c.var.locale);
    return seeOther(await startPayment(deps, order));
  });

  // The provider redirects the buyer to these. The webhook may be late or lost, so the session is fetched here.
  for (const path of ['/checkout/return/:secret', '/checkout/cancelled/:secret'] as const) {
    routes.get(path, async (c) => {
      const secret = c.req.param('secret');
      const order = await findOrder(deps, secret);
      if (!order) return sendError(c, 'order-unknown');
      await syncPayment(deps, order);
      return seeOther(orderPath(secret));
    });
  }
};

interface CheckoutProps {
  readonly c: WebContext;
  readonly game: ShopGame;
  readonly form: CheckoutForm;
  readonly errors: CheckoutFaults;
}

function CheckoutPage(props: CheckoutProps) {
  const { c, game } = props;
  const { t } = c.var;
  return (
    <Page c={c} title={t('shop.checkout_title')}>
      <div class="wide checkout">
        <section aria-labelledby="checkout">
          <h1 id="checkout">{t('shop.checkout_title')}</h1>
          <CheckoutFields {...props} />
        </section>
        <aside class="summary" aria-label={t('shop.checkout_summary')}>
          <img src={game.cover} alt="" width="640" height="400" />
          <div class="summary-words">
            <h2 lang={game.locale}>{game.texts.title}</h2>
            <p>{t('shop.checkout_what')}</p>
            <Facts c={c} game={game} />
          </div>
          <p class="summary-total">
            <span>{t('shop.checkout_total')}</span>
            <Price c={c} game={game} />
          </p>
        </aside>
      </div>
    </Page>
  );
}

function CheckoutFields({ c, game, form, errors }: CheckoutProps) {
  const { t } = c.var;
  const errorText = (key: string | undefined) => (key === undefined ? undefined : t(key));
  return (
    <form method="post" action={`/games/${game.slug}/buy`} class="form">
      {Object.keys(errors).length > 0 && (
        <p class="form-fault" role="alert">
          {t('shop.checkout_faults')}
        </p>
      )}
      <Field
        name="email"
        type="email"
        label={t('shop.email')}
        hint={t('shop.email_hint')}
        value={form.email}
        error={errorText(errors.email)}
        autocomplete="email"
      />
      <Field
        name="again"
        type="email"
        label={t('shop.email_again')}
        value={form.again}
        error={errorText(errors.again)}
        autocomplete="email"
      />
      <Tick name="terms" checked={form.terms} error={errorText(errors.terms)}>
        {t('shop.accept_terms')} <a href="/legal/terms">{t('shop.accept_terms_link')}</a>
      </Tick>
      <Tick name="immediate" checked={form.immediate} error={errorText(errors.immediate)}>
        {t('shop.accept_immediate')}
      </Tick>
      <button class="button button-big" type="submit">
        {t('shop.order_and_pay')}
      </button>
      <p class="quiet">{t('shop.checkout_next')}</p>
    </form>
  );
}
