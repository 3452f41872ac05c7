/** A game in the shop: its facts, its price, its buttons, its ticket in the list. */
import { formatMoney } from '../../../domain/money.ts';
import type { WebContext } from '../http/route-types.ts';
import type { ShopGame } from '../shop/catalogue.ts';
import { ShopIcon } from './shop-icon.tsx';

interface GameProps {
  readonly c: WebContext;
  readonly game: ShopGame;
}

export function Facts({ c, game }: GameProps) {
  const { locale, t } = c.var;
  const names = new Intl.DisplayNames([locale], { type: 'language' });
  const languages = game.languages.map((one) => names.of(one) ?? one);
  return (
    <ul class="facts">
      <li>
        <ShopIcon name="players" />
        {t('shop.fact_players', { min: game.players.min, max: game.players.max })}
      </li>
      <li>
        <ShopIcon name="clock" />
        {t('shop.fact_minutes', { minutes: game.minutes })}
      </li>
      <li>
        <ShopIcon name="speech" />
        {new Intl.ListFormat(locale, { type: 'unit' }).format(languages)}
      </li>
    </ul>
  );
}

export function Price({ c, game }: GameProps) {
  if (!game.price) return null;
  return <span class="price">{formatMoney(game.price, c.var.locale)}</span>;
}

/** Starts the free game at once, with a new entitlement. */
export function FreeButton({ c, game, label }: GameProps & { readonly label: string }) {
  return (
    <form method="post" action={`/games/${game.slug}/free`}>
      <button class="button button-big" type="submit">
        <ShopIcon name="play" />
        {label}
      </button>
      <span class="visually-hidden">{c.var.t('shop.free_hint')}</span>
    </form>
  );
}

/** A game in the list of games: the picture, the tagline, and a stub with the price. */
export function TicketCard({ c, game }: GameProps) {
  const { t } = c.var;
  const path = `/games/${game.slug}`;
  return (
    <article class="ticket">
      <a class="ticket-cover" href={path} tabindex={-1} aria-hidden="true">
        <img src={game.cover} alt="" width="640" height="400" loading="lazy" decoding="async" />
      </a>
      <div class="ticket-body" lang={game.locale}>
        <h3>
          <a href={path}>{game.texts.title}</a>
        </h3>
        <p>{game.texts.tagline}</p>
        <Facts c={c} game={game} />
      </div>
      <div class="ticket-stub">
        {game.price && (
          <p class="ticket-price">
            <Price c={c} game={game} />
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
