/** How a game looks in the shop: its facts, its ticket, its buttons. */
import { formatMoney } from '../../../domain/money.ts';
import type { WebContext } from '../route-types.ts';
import type { Offer } from '../catalogue.ts';
import { Icon } from './icons.tsx';

interface GameProps {
  readonly c: WebContext;
  readonly offer: Offer;
}

export function Facts({ c, offer }: GameProps) {
  const { locale, t } = c.var;
  const names = new Intl.DisplayNames([locale], { type: 'language' });
  const languages = offer.languages.map((one) => names.of(one) ?? one);
  return (
    <ul class="facts">
      <li>
        <Icon name="players" />
        {t('shop.fact_players', { min: offer.players.min, max: offer.players.max })}
      </li>
      <li>
        <Icon name="clock" />
        {t('shop.fact_minutes', { minutes: offer.minutes })}
      </li>
      <li>
        <Icon name="speech" />
        {new Intl.ListFormat(locale, { type: 'unit' }).format(languages)}
      </li>
    </ul>
  );
}

export function Price({ c, offer }: GameProps) {
  if (!offer.price) return null;
  return <span class="price">{formatMoney(offer.price, c.var.locale)}</span>;
}

/** Opens a new room at once. */
export function FreeButton({ c, offer, label }: GameProps & { readonly label: string }) {
  return (
    <form method="post" action={`/games/${offer.slug}/free`}>
      <button class="button button-big" type="submit">
        <Icon name="play" />
        {label}
      </button>
      <span class="visually-hidden">{c.var.t('shop.free_hint')}</span>
    </form>
  );
}

/** A game in the list: the picture, what it is, and the stub with its price. */
export function TicketCard({ c, offer }: GameProps) {
  const { t } = c.var;
  const path = `/games/${offer.slug}`;
  return (
    <article class="ticket">
      <a class="ticket-cover" href={path} tabindex={-1} aria-hidden="true">
        <img src={offer.cover} alt="" width="640" height="400" loading="lazy" decoding="async" />
      </a>
      <div class="ticket-body" lang={offer.locale}>
        <h3>
          <a href={path}>{offer.texts.title}</a>
        </h3>
        <p>{offer.texts.tagline}</p>
        <Facts c={c} offer={offer} />
      </div>
      <div class="ticket-stub">
        {offer.price && (
          <p class="ticket-price">
            <Price c={c} offer={offer} />
            <span class="quiet">{t('shop.per_team')}</span>
          </p>
        )}
        <a class="button" href={path}>
          {t('shop.look_inside')}
        </a>
      </div>
    </article>
  );
}
