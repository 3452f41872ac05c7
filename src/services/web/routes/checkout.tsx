/** From a game's page to the till and back. The order exists before the buyer goes to pay. */
import { z } from 'zod';
import { cancelLink, orderPath, returnLink } from '../../../domain/links.ts';
import { splitGross, totalOf } from '../../../domain/money.ts';
import { normaliseEmail } from '../../../domain/order.ts';
import { hashSecret, orderSecret } from '../../../domain/secret.ts';
import { newId } from '../../../domain/id.ts';
import { failedAttempts } from '../../../ports/main-db/queries/overview.ts';
import {
  insertOrder,
  type Order,
  orderById,
  setOrderSession,
} from '../../../ports/main-db/queries/orders.ts';
import type { RouteModule, WebContext } from '../route-types.ts';
import { type Offer, offer } from '../catalogue.ts';
import { Field, Tick } from '../components/form.tsx';
import { Facts, Price } from '../components/game.tsx';
import type { WebDeps } from '../deps.ts';
import { fulfil } from '../fulfil.ts';
import { Page } from '../layout.tsx';
import { findOrder } from '../orders.ts';
import { seeOther, sendError, sendPage } from '../respond.tsx';

export const checkoutRoutes: RouteModule = (routes, deps) => {
  routes.get('/games/:slug/buy', async (c) => {
    const game = await offer(deps.db.read, c.req.param('slug'), c.var.locale);
    if (!game?.price) return sendError(c, 'not-found');
    return sendPage(<CheckoutPage c={c} game={game} form={EMPTY_FORM} errors={{}} />);
  });

  routes.postForm('/games/:slug/buy', { limit: { burst: 10, perMinute: 5 } }, async (c, form) => {
    const game = await offer(deps.db.read, c.req.param('slug'), c.var.locale);
    if (!game?.price) return sendError(c, 'not-found');
    const given = readForm(form);
    const errors = faultsOf(given);
    if (Object.keys(errors).length > 0) {
      return sendPage(<CheckoutPage c={c} game={game} form={given} errors={errors} />, 422);
    }
    const order = await placeOrder(deps, game, given.email, c.var.locale);
    return seeOther(await startPayment(deps, order));
  });

  // The buyer's way back. It asks the provider itself: the webhook may be late or lost.
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

/** Carries over what the provider has decided about the latest try; changes nothing otherwise. */
export async function syncPayment(deps: WebDeps, order: Order): Promise<void> {
  if (order.state === 'paid' || order.session_id === null) return;
  const event = await deps.payments.fetchSession(order.session_id);
  if (event) await fulfil(deps, event);
}

/** Opens (or finds again) the checkout of the order's present try; answers where the buyer goes. */
export async function startPayment(deps: WebDeps, order: Order): Promise<string> {
  const secret = orderSecret(order.id, deps.keys.seal);
  const session = await deps.payments.createCheckout({
    orderId: order.id,
    attempt: (await failedAttempts(deps.db.read, order.id)) + 1,
    email: order.email,
    locale: order.locale,
    currency: order.currency,
    totalMinor: totalOf(order.lines).gross_minor,
    title: order.lines.map((line) => line.title).join(', '),
    successUrl: returnLink(deps.url, secret),
    cancelUrl: cancelLink(deps.url, secret),
  });
  await deps.db.write((tx) => setOrderSession(tx, order.id, session.sessionId));
  return session.url;
}

async function placeOrder(deps: WebDeps, game: Offer, email: string, locale: string): Promise<Order> {
  const { price } = game;
  if (!price) throw new Error(`${game.slug} is not for sale`);
  const id = newId(deps.world.random);
  const { netMinor, taxMinor } = splitGross(price.minor, deps.studio.vatRate);
  const line = {
    game: game.slug,
    title: game.texts.title,
    quantity: 1,
    net_minor: netMinor,
    tax_minor: taxMinor,
    gross_minor: price.minor,
    tax_rate: deps.studio.vatRate,
  };
  await deps.db.write((tx) =>
    insertOrder(
      tx,
      {
        id,
        state: 'pending',
        secret_hash: hashSecret(orderSecret(id, deps.keys.seal)),
        email: normaliseEmail(email),
        locale,
        currency: price.currency,
        provider: deps.payments.name,
        session_id: null,
        created_at: deps.world.clock.now(),
        paid_at: null,
      },
      [line],
    ),
  );
  const order = await orderById(deps.db.read, id);
  if (!order) throw new Error(`order ${id} was written and is not there`);
  return order;
}

interface CheckoutForm {
  readonly email: string;
  readonly again: string;
  readonly terms: boolean;
  readonly immediate: boolean;
}
const EMPTY_FORM: CheckoutForm = { email: '', again: '', terms: false, immediate: false };

function readForm(form: URLSearchParams): CheckoutForm {
  return {
    email: form.get('email') ?? '',
    again: form.get('again') ?? '',
    terms: form.get('terms') === 'yes',
    immediate: form.get('immediate') === 'yes',
  };
}

/** Field → text key. */
type Faults = { readonly [F in keyof CheckoutForm]?: string };
const emailSchema = z.email().max(254);

function faultsOf(form: CheckoutForm): Faults {
  const email = normaliseEmail(form.email);
  const valid = emailSchema.safeParse(email).success;
  return {
    ...(valid ? {} : { email: 'shop.fault_email' }),
    ...(valid && normaliseEmail(form.again) !== email ? { again: 'shop.fault_again' } : {}),
    ...(form.terms ? {} : { terms: 'shop.fault_terms' }),
    ...(form.immediate ? {} : { immediate: 'shop.fault_immediate' }),
  };
}

interface CheckoutProps {
  readonly c: WebContext;
  readonly game: Offer;
  readonly form: CheckoutForm;
  readonly errors: Faults;
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
            <Facts c={c} offer={game} />
          </div>
          <p class="summary-total">
            <span>{t('shop.checkout_total')}</span>
            <Price c={c} offer={game} />
          </p>
        </aside>
      </div>
    </Page>
  );
}

function CheckoutFields({ c, game, form, errors }: CheckoutProps) {
  const { t } = c.var;
  const said = (key: string | undefined) => (key === undefined ? undefined : t(key));
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
        error={said(errors.email)}
        autocomplete="email"
      />
      <Field
        name="again"
        type="email"
        label={t('shop.email_again')}
        value={form.again}
        error={said(errors.again)}
        autocomplete="email"
      />
      <Tick name="terms" checked={form.terms} error={said(errors.terms)}>
        {t('shop.accept_terms')} <a href="/legal/terms">{t('shop.accept_terms_link')}</a>
      </Tick>
      <Tick name="immediate" checked={form.immediate} error={said(errors.immediate)}>
        {t('shop.accept_immediate')}
      </Tick>
      <button class="button button-big" type="submit">
        {t('shop.order_and_pay')}
      </button>
      <p class="quiet">{t('shop.checkout_next')}</p>
    </form>
  );
}
