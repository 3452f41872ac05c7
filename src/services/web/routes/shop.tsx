/** The front page, the page of a game, and the start of a free game. */
import { playPath } from '../../../domain/links.ts';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import { createFreeEntitlement } from '../shop/free-game.ts';
import { type ShopGame, findShopGame, listShopGames } from '../shop/catalogue.ts';
import { Facts, FreeButton, Price, TicketCard } from '../components/game.tsx';
import { ShopIcon } from '../components/shop-icon.tsx';
import { Page } from '../components/layout.tsx';
import { seeOther, sendError, sendPage } from '../http/respond.tsx';

export const shopRoutes: RouteModule = (routes, deps) => {
  routes.get('/', async (c) => {
    const games = await listShopGames(deps.db.read, c.var.locale);
    return sendPage(<FrontPage c={c} games={games} />);
  });

  routes.get('/games/:slug', async (c) => {
    const found = await findShopGame(deps.db.read, c.req.param('slug'), c.var.locale);
    return found ? sendPage(<GamePage c={c} game={found} />) : sendError(c, 'not-found');
  });

  const perHour = deps.freeRoomsPerHour;
  const limit = { burst: perHour, perMinute: perHour / 60 };
  routes.postForm('/games/:slug/free', { limit, tooMany: 'free-limit' }, async (c) => {
    const found = await findShopGame(deps.db.read, c.req.param('slug'), c.var.locale);
    if (!found?.free) return sendError(c, 'game-not-free');
    if (!(await deps.spaceForFreeRooms())) return sendError(c, 'free-full');
    return seeOther(playPath(await createFreeEntitlement(deps, found.slug)));
  });
};

interface FrontProps {
  readonly c: WebContext;
  readonly games: readonly ShopGame[];
}

function FrontPage({ c, games }: FrontProps) {
  const { t } = c.var;
  const free = games.find((game) => game.free);
  return (
    <Page c={c} title={t('shop.front_title')} description={t('shop.front_description')} listed>
      <section class="hero">
        <div class="wide hero-row">
          <div class="hero-words">
            <h1>{t('shop.hero_title')}</h1>
            <p class="lead">{t('shop.hero_text')}</p>
            {free && <HeroStart c={c} game={free} />}
          </div>
          {free && (
            <figure class="hero-picture">
              <img src={free.cover} alt="" width="640" height="400" fetchpriority="high" />
              <figcaption lang={free.locale}>{free.texts.title}</figcaption>
            </figure>
          )}
        </div>
      </section>
      <HowItWorks c={c} />
      <section class="wide section" id="games">
        <h2>{t('shop.games_title')}</h2>
        {games.length === 0 && <p>{t('shop.no_games')}</p>}
        <div class="tickets">
          {games.map((game) => (
            <TicketCard c={c} game={game} />
          ))}
        </div>
      </section>
      <Questions c={c} />
    </Page>
  );
}

function HeroStart({ c, game }: { readonly c: WebContext; readonly game: ShopGame }) {
  const { t } = c.var;
  return (
    <div class="hero-start">
      <FreeButton c={c} game={game} label={t('shop.play_free')} />
      <p class="hero-note">{t('shop.play_free_note', { minutes: game.minutes })}</p>
    </div>
  );
}

const STEPS = [
  { icon: 'ticket', title: 'shop.step_ticket', text: 'shop.step_ticket_text' },
  { icon: 'link', title: 'shop.step_link', text: 'shop.step_link_text' },
  { icon: 'clock', title: 'shop.step_play', text: 'shop.step_play_text' },
] as const;

function HowItWorks({ c }: { readonly c: WebContext }) {
  const { t } = c.var;
  return (
    <section class="wide section" aria-labelledby="how">
      <h2 id="how">{t('shop.how_title')}</h2>
      <ol class="steps">
        {STEPS.map((step) => (
          <li>
            <ShopIcon name={step.icon} />
            <h3>{t(step.title)}</h3>
            <p>{t(step.text)}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

const QUESTIONS = [
  { question: 'shop.ask_needs', answer: 'shop.ask_needs_answer' },
  { question: 'shop.ask_together', answer: 'shop.ask_together_answer' },
  { question: 'shop.ask_time', answer: 'shop.ask_time_answer' },
  { question: 'shop.ask_stuck', answer: 'shop.ask_stuck_answer' },
] as const;

function Questions({ c }: { readonly c: WebContext }) {
  const { t } = c.var;
  return (
    <section class="narrow section" aria-labelledby="questions">
      <h2 id="questions">{t('shop.questions_title')}</h2>
      {QUESTIONS.map(({ question, answer }) => (
        <details>
          <summary>{t(question)}</summary>
          <p>{t(answer)}</p>
        </details>
      ))}
    </section>
  );
}

function GamePage({ c, game }: { readonly c: WebContext; readonly game: ShopGame }) {
  const { t } = c.var;
  const { texts } = game;
  return (
    <Page c={c} title={texts.title} description={texts.tagline} listed>
      <article class="wide game">
        <div class="game-picture">
          <img src={game.cover} alt="" width="640" height="400" fetchpriority="high" />
        </div>
        <div class="game-head" lang={game.locale}>
          <h1>{texts.title}</h1>
          <p class="lead">{texts.tagline}</p>
          <Facts c={c} game={game} />
        </div>
        <BuyBox c={c} game={game} />
        <div class="game-words" lang={game.locale}>
          {paragraphs(texts.description).map((paragraph) => (
            <p>{paragraph}</p>
          ))}
          <h2 lang={c.var.locale}>
            <ShopIcon name="ear" />
            {t('shop.accessibility_title')}
          </h2>
          {paragraphs(texts.accessibility).map((paragraph) => (
            <p>{paragraph}</p>
          ))}
        </div>
      </article>
    </Page>
  );
}

function BuyBox({ c, game }: { readonly c: WebContext; readonly game: ShopGame }) {
  const { t } = c.var;
  return (
    <aside class="buy-box" aria-label={t('shop.buy_box')}>
      {game.price && (
        <>
          <p class="buy-price">
            <Price c={c} game={game} />
            <span class="quiet">{t('shop.price_note')}</span>
          </p>
          <a class="button button-big" href={`/games/${game.slug}/buy`}>
            <ShopIcon name="ticket" />
            {t('shop.buy_ticket')}
          </a>
          <p class="quiet">{t('shop.buy_note')}</p>
        </>
      )}
      {game.free && (
        <form method="post" action={`/games/${game.slug}/free`} class="buy-free">
          <button class="button button-plain" type="submit">
            <ShopIcon name="play" />
            {t('shop.try_free')}
          </button>
          <p class="quiet">{t('shop.try_free_note')}</p>
        </form>
      )}
    </aside>
  );
}

/** Paragraphs are separated by blank lines. */
function paragraphs(text: string): string[] {
  return text
    .split(/\n\s*\n/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
