/** The buyer's order page: play, copy the link, receipt, send the mail again, replace the link, pay again. */
import { renderSVG } from 'uqr';
import { orderPath, playLink, playPath } from '../../../domain/links.ts';
import { entitlementsByOrder } from '../../../ports/main-db/queries/entitlements.ts';
import type { Order } from '../../../ports/main-db/queries/orders.ts';
import type { EntitlementRow } from '../../../ports/main-db/schema.ts';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import { Receipt } from '../components/receipt.tsx';
import { ShopIcon } from '../components/shop-icon.tsx';
import type { WebDeps } from '../deps.ts';
import { Page } from '../components/layout.tsx';
import { findOrder } from '../checkout/find-order.ts';
import { resendPurchaseMail } from '../checkout/purchase-mail.ts';
import { retryPayment } from '../checkout/start-payment.ts';
import { seeOther, sendError, sendPage } from '../http/respond.tsx';
import { replaceLink, unsealLink } from '../links/team-link.ts';

/** While a payment is being confirmed, the page reloads itself: for how long, and after how many seconds. */
const CONFIRMING_MS = 30 * 60_000;
const CONFIRMING_REFRESH_S = 4;
/** The form's field with the entitlement whose link is replaced; pages that are open now send this name. */
const ENTITLEMENT_FIELD = 'right';

export const orderRoutes: RouteModule = (routes, deps) => {
  routes.get('/o/:secret', async (c) => {
    const secret = c.req.param('secret');
    const order = await findOrder(deps, secret);
    if (!order) return sendError(c, 'order-unknown');
    if (order.state !== 'paid') return sendPage(<UnpaidPage c={c} order={order} secret={secret} />);
    const links = linksOf(deps, await entitlementsByOrder(deps.db.read, order.id));
    return sendPage(<PaidPage c={c} order={order} secret={secret} links={links} />);
  });

  routes.postForm('/o/:secret/pay', { limit: { burst: 10, perMinute: 5 } }, async (c) => {
    const secret = c.req.param('secret');
    const order = await findOrder(deps, secret);
    if (!order) return sendError(c, 'order-unknown');
    return seeOther((await retryPayment(deps, order)) ?? orderPath(secret));
  });

  routes.postForm('/o/:secret/mail', { limit: { burst: 5, perMinute: 2 } }, async (c) => {
    const secret = c.req.param('secret');
    const order = await findOrder(deps, secret);
    if (order?.state !== 'paid') return sendError(c, 'order-unknown');
    await resendPurchaseMail(deps, order);
    return seeOther(`${orderPath(secret)}?done=mailed`);
  });

  routes.postForm('/o/:secret/replace', { limit: { burst: 5, perMinute: 2 } }, async (c, form) => {
    const secret = c.req.param('secret');
    const order = await findOrder(deps, secret);
    if (order?.state !== 'paid') return sendError(c, 'order-unknown');
    const entitlements = await entitlementsByOrder(deps.db.read, order.id);
    const entitlement = entitlements.find(({ id }) => id === form.get(ENTITLEMENT_FIELD));
    if (!entitlement) return sendError(c, 'bad-request');
    await replaceLink(deps, entitlement);
    return seeOther(`${orderPath(secret)}?done=replaced`);
  });
};

interface OrderLink {
  /** Id of the entitlement. */
  readonly entitlement: string;
  readonly secret: string;
  readonly isPlayed: boolean;
}

function linksOf(deps: WebDeps, entitlements: readonly EntitlementRow[]): readonly OrderLink[] {
  return entitlements.map((entitlement) => ({
    entitlement: entitlement.id,
    secret: unsealLink(deps, entitlement),
    isPlayed: entitlement.first_played_at !== null,
  }));
}

interface OrderProps {
  readonly c: WebContext;
  readonly order: Order;
  readonly secret: string;
}

const DONE: { readonly [done: string]: string } = {
  mailed: 'order.done_mailed',
  replaced: 'order.done_replaced',
};

function PaidPage(props: OrderProps & { readonly links: readonly OrderLink[] }) {
  const { c, order, secret, links } = props;
  const { t } = c.var;
  const done = DONE[c.req.query('done') ?? ''];
  const titles = order.lines.map((line) => line.title).join(', ');
  return (
    <Page c={c} title={t('order.title')} scripts={['copy.js']}>
      <div class="narrow order">
        {done !== undefined && <output class="done">{t(done)}</output>}
        <h1>{t('order.paid_title')}</h1>
        <p class="lead">{t('order.paid_text', { email: order.email })}</p>
        {links.map((link) => (
          <LinkTicket c={c} order={order} secret={secret} link={link} title={titles} />
        ))}
        <section aria-labelledby="mail">
          <h2 id="mail">{t('order.mail_title')}</h2>
          <p>{t('order.mail_text', { email: order.email })}</p>
          <form method="post" action={`${orderPath(secret)}/mail`}>
            <button class="button button-plain" type="submit">
              {t('order.mail_button')}
            </button>
          </form>
        </section>
        <Receipt c={c} order={order} />
      </div>
    </Page>
  );
}

function LinkTicket(props: OrderProps & { readonly link: OrderLink; readonly title: string }) {
  const { c, secret, link, title } = props;
  const { t } = c.var;
  const address = playLink(c.var.deps.url, link.secret);
  return (
    <section class="team-ticket" aria-label={title}>
      <div class="team-ticket-words">
        <p class="team-ticket-kind">{t('order.ticket_kind')}</p>
        <h2>{title}</h2>
        <a class="button button-big" href={playPath(link.secret)}>
          <ShopIcon name="play" />
          {t(link.isPlayed ? 'order.play_on' : 'order.play_now')}
        </a>
        <div class="copy">
          <label for={`link-${link.entitlement}`}>{t('order.link_label')}</label>
          <input id={`link-${link.entitlement}`} type="text" readonly value={address} />
          <button
            class="button button-plain"
            type="button"
            hidden
            data-copy={`link-${link.entitlement}`}
            data-copied={t('order.copied')}
          >
            {t('order.copy')}
          </button>
        </div>
        <p class="quiet">{t('order.link_text')}</p>
      </div>
      <div class="team-ticket-stub">
        <img class="qr" src={qrCode(address)} alt={t('order.qr_label')} width="184" height="184" />
        <p>{t('order.qr_text')}</p>
      </div>
      <details class="replace">
        <summary>{t('order.replace_title')}</summary>
        <p>{t('order.replace_text')}</p>
        <form method="post" action={`${orderPath(secret)}/replace`}>
          <input type="hidden" name={ENTITLEMENT_FIELD} value={link.entitlement} />
          <button class="button button-danger" type="submit">
            {t('order.replace_button')}
          </button>
        </form>
      </details>
    </section>
  );
}

/** A QR code as a data URL of an image, which the security policy allows; inline SVG would need inline styles. */
function qrCode(text: string): string {
  return `data:image/svg+xml,${encodeURIComponent(renderSVG(text, { border: 1 }))}`;
}

function UnpaidPage({ c, order, secret }: OrderProps) {
  const { t, deps } = c.var;
  const { state } = order;
  const age = deps.world.clock.now() - order.created_at;
  const waiting = state === 'pending' && age < CONFIRMING_MS;
  return (
    <Page c={c} title={t('order.title')} {...(waiting && { refreshSeconds: CONFIRMING_REFRESH_S })}>
      <div class="narrow order">
        <h1>{t(`order.${state}_title`)}</h1>
        <output class="lead">{t(`order.${state}_text`)}</output>
        {waiting && <p class="ticking" aria-hidden="true"></p>}
        <form method="post" action={`${orderPath(secret)}/pay`}>
          <button class={state === 'pending' ? 'button button-plain' : 'button button-big'} type="submit">
            {t(state === 'pending' ? 'order.to_till' : 'order.try_again')}
          </button>
        </form>
        <Receipt c={c} order={order} />
      </div>
    </Page>
  );
}
