/** Composes the mail of a job: reads the order and its entitlements, decrypts their links, fills the template. */
import { inkOn } from '../../domain/colour.ts';
import { orderLink, playLink } from '../../domain/links.ts';
import { formatMoney, totalOf } from '../../domain/money.ts';
import { orderSecret, unseal } from '../../domain/secret.ts';
import type { Studio } from '../../domain/studio.ts';
import type { Keyring } from '../../ports/keyring/keyring.ts';
import type { Texts } from '../../lib/texts.ts';
import type { Job } from '../../ports/jobs/jobs.ts';
import type { Mail } from '../../ports/mail/mail.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { entitlementsByEmail, entitlementsByOrder } from '../../ports/main-db/queries/entitlements.ts';
import { type Order, orderById } from '../../ports/main-db/queries/orders.ts';
import { currentRelease } from '../../ports/main-db/queries/releases.ts';
import type { EntitlementRow } from '../../ports/main-db/schema.ts';
import { escapeHtml, fill, type Slots } from './fill.ts';
import html from './templates/links.html.txt' with { type: 'text' };
import text from './templates/links.txt' with { type: 'text' };

export interface ComposeDeps {
  readonly db: MainDb;
  readonly keys: Keyring;
  readonly texts: Texts;
  readonly studio: Studio;
  /** The site's address, without a trailing slash. */
  readonly url: string;
}

/** A `resend` mail lists the newest links, at most this many. */
const LINKS_MAX = 20;

/** null = nothing to send: no entitlement was found for the order or the address. */
export async function compose(deps: ComposeDeps, job: Job<'mail'>): Promise<Mail | null> {
  const { template, to, locale, data } = job.payload;
  const order = template === 'purchase' ? await orderById(deps.db.read, data['order'] ?? '') : null;
  const entitlements =
    template === 'purchase'
      ? order && (await entitlementsByOrder(deps.db.read, order.id))
      : await entitlementsByEmail(deps.db.read, to, LINKS_MAX);
  if (!entitlements || entitlements.length === 0) return null;
  const t = (key: string, values?: { readonly [name: string]: string | number }): string =>
    deps.texts.t(locale, `mail.${key}`, values);
  const { studio } = deps;
  const subject = t(`${template}Subject`, { studio: studio.name, title: order?.lines[0]?.title ?? '' });
  const slots: Slots = {
    subject,
    studio: studio.name,
    ...studio.colours,
    onAccent: inkOn(studio.colours.accent),
    preview: t(`${template}Preview`),
    heading: t(`${template}Heading`),
    intro: t(`${template}Intro`),
    play: t('play'),
    share: t('share'),
    invite: t('invite'),
    help: t('help', { email: studio.support.email }),
    imprint: t('imprint'),
    imprintHref: `${deps.url}/legal/imprint`,
    privacy: t('privacy'),
    privacyHref: `${deps.url}/legal/privacy`,
    links: await Promise.all(entitlements.map((entitlement) => linkSlots(deps, entitlement, locale))),
    facts: order ? receipt(order, locale, t, orderLink(deps.url, orderSecret(order.id, deps.keys.seal))) : [],
  };
  return {
    messageId: `<${template}-${job.id}@${new URL(deps.url).hostname}>`,
    from: `"${studio.sender.name.replace(/["\\]/g, '')}" <${studio.sender.email}>`,
    to,
    replyTo: studio.support.email,
    subject,
    text: fill(text, slots, (value) => value),
    html: fill(html, slots, escapeHtml),
    // RFC 3834: mail systems should not send automatic replies.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

async function linkSlots(deps: ComposeDeps, entitlement: EntitlementRow, locale: string): Promise<Slots> {
  const secret = unseal(entitlement.secret_sealed, deps.keys.seal, entitlement.id);
  if (secret === null) throw new Error(`the link of ${entitlement.id} was sealed under another key`);
  const release = await currentRelease(deps.db.read, entitlement.game);
  const texts = release?.manifest.texts;
  const { title } = texts?.[locale] ?? Object.values(texts ?? {})[0] ?? { title: entitlement.game };
  return { title, href: playLink(deps.url, secret) };
}

function receipt(
  order: Order,
  locale: string,
  t: (key: string, values?: { readonly [name: string]: string | number }) => string,
  orderPage: string,
): readonly Slots[] {
  const money = (minor: number): string => formatMoney({ minor, currency: order.currency }, locale);
  const { gross_minor, net_minor, tax_minor } = totalOf(order.lines);
  return [
    t('order', { id: order.id }),
    ...order.lines.map((line) =>
      t('line', { quantity: line.quantity, title: line.title, gross: money(line.gross_minor) }),
    ),
    t('total', {
      gross: money(gross_minor),
      net: money(net_minor),
      tax: money(tax_minor),
    }),
    t('orderPage', { href: orderPage }),
  ].map((fact) => ({ fact }));
}
