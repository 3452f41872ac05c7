/** The buyer's own page: play, pass on the link, receipt, mail again, new link, pay again. */
import { renderSVG } from 'uqr';
import { orderPath, playLink, playPath } from '../../../domain/links.ts';
import { unseal } from '../../../domain/secret.ts';
import { entitlementsByOrder, rotateLink } from '../../../ports/main-db/queries/entitlements.ts';
import { type Order, reopenOrder } from '../../../ports/main-db/queries/orders.ts';
import { ownerOf } from '../../../ports/main-db/queries/rooms.ts';
import type { EntitlementRow } from '../../../ports/main-db/schema.ts';
import type { RouteModule, WebContext } from '../route-types.ts';
import { Receipt } from '../components/receipt.tsx';
import { Icon } from '../components/icons.tsx';
import type { WebDeps } from '../deps.ts';
import { newLink } from '../fulfil.ts';
import { Page } from '../layout.tsx';
import { findOrder } from '../orders.ts';
import { seeOther, sendError, sendPage } from '../respond.tsx';
import { startPayment, syncPayment } from './checkout.tsx';

/** One mail per order in this time, however often it is asked for. */
const MAIL_EVERY_MS = 60_000;
/** How long, and how often, a page waits for a payment by asking for itself again. */
const CONFIRMING_MS = 30 * 60_000;
const CONFIRMING_REFRESH_S = 4;

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
    const before = await findOrder(deps, secret);
    if (!before) return sendError(c, 'order-unknown');
    await syncPayment(deps, before);
    const order = await findOrder(deps, secret);
    if (!order || order.state === 'paid') return seeOther(orderPath(secret));
    await deps.db.write((tx) => reopenOrder(tx, order.id));
    return seeOther(await startPayment(deps, order));
  });

  routes.postForm('/o/:secret/mail', { limit: { burst: 5, perMinute: 2 } }, async (c) => {
    const secret = c.req.param('secret');
    const order = await findOrder(deps, secret);
    if (order?.state !== 'paid') return sendError(c, 'order-unknown');
    await sendAgain(deps, order);
    return seeOther(`${orderPath(secret)}?done=mailed`);
  });

  routes.postForm('/o/:secret/replace', { limit: { burst: 5, perMinute: 2 } }, async (c, form) => {
    const secret = c.req.param('secret');
    const order = await findOrder(deps, secret);
    if (order?.state !== 'paid') return sendError(c, 'order-unknown');
    const rights = await entitlementsByOrder(deps.db.read, order.id);
    const right = rights.find(({ id }) => id === form.get('right'));
    if (!right) return sendError(c, 'bad-request');
    await replaceLink(deps, right);
    return seeOther(`${orderPath(secret)}?done=replaced`);
  });
};

async function sendAgain(deps: WebDeps, order: Order): Promise<void> {
  const now = deps.world.clock.now();
  const payload = {
    template: 'purchase',
    to: order.email,
    locale: order.locale,
    data: { order: order.id },
  } as const;
  const key = `purchase-again:${order.id}:${Math.floor(now / MAIL_EVERY_MS)}`;
  await deps.db.write((tx) => deps.jobs.enqueue(tx, { kind: 'mail', key, payload }, now));
}

/** The old link is dead from now on, and sockets opened with it are closed. */
async function replaceLink(deps: WebDeps, right: EntitlementRow): Promise<void> {
  const { id: _, ...link } = newLink(deps, right.id);
  const generation = await deps.db.write((tx) => rotateLink(tx, right.id, right.generation, link));
  if (generation === null || right.room === null) return;
  const owner = await ownerOf(deps.db.read, right.room);
  if (owner) await deps.control.tell(owner.slot, { kind: 'generation', room: right.room, generation });
}

interface OrderLink {
  readonly right: string;
  readonly secret: string;
  readonly played: boolean;
}

function linksOf(deps: WebDeps, rights: readonly EntitlementRow[]): readonly OrderLink[] {
  return rights.map((right) => {
    const secret = unseal(right.secret_sealed, deps.keys.seal, right.id);
    if (secret === null) throw new Error(`the link of ${right.id} is sealed under another key`);
    return { right: right.id, secret, played: right.first_played_at !== null };
  });
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
          <Icon name="play" />
          {t(link.played ? 'order.play_on' : 'order.play_now')}
        </a>
        <div class="copy">
          <label for={`link-${link.right}`}>{t('order.link_label')}</label>
          <input id={`link-${link.right}`} type="text" readonly value={address} />
          <button
            class="button button-plain"
            type="button"
            hidden
            data-copy={`link-${link.right}`}
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
          <input type="hidden" name="right" value={link.right} />
          <button class="button button-danger" type="submit">
            {t('order.replace_button')}
          </button>
        </form>
      </details>
    </section>
  );
}

/** As the address of a picture: the security policy allows those, and no style in a drawing. */
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
