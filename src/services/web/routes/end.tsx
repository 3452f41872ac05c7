/**
 * The end page, for everybody who has its link. It opens at once: with the stored result if there is one; otherwise
 * its script shows the summary that the play page has stored in the browser, and polls until the result is stored.
 */
import { SECRET } from '../../../domain/secret.ts';
import type { ReleaseManifest } from '../../../domain/release.ts';
import { roomByEndToken } from '../../../ports/main-db/queries/rooms.ts';
import type { RoomRow } from '../../../ports/main-db/schema.ts';
import type { RouteModule, WebContext } from '../http/route-types.ts';
import { Icon } from '../components/icon.tsx';
import { type EndData, endView } from '../end/end-view.ts';
import { DataBlock, Page } from '../components/layout.tsx';
import { sendError, sendJson, sendJsonError, sendPage } from '../http/respond.tsx';
import { cardPath, loadEndData } from '../end/results.ts';
import { releaseOfRoom } from '../play/played-release.ts';

export const endRoutes: RouteModule = (routes, deps) => {
  const roomOf = async (token: string): Promise<RoomRow | null> =>
    SECRET.test(token) ? roomByEndToken(deps.db.read, token) : null;

  routes.get('/e/:token', async (c) => {
    const token = c.req.param('token');
    const room = await roomOf(token);
    if (!room) return sendError(c, 'result-unknown');
    const [data, release, card] = await Promise.all([
      loadEndData(deps, room, c.var.locale),
      releaseOfRoom(deps.db.read, room),
      deps.files.has(cardPath(room.id)),
    ]);
    if (!release) throw new Error(`room ${room.id} has no release with its rules`);
    return sendPage(<EndPage c={c} token={token} data={data} manifest={release.manifest} card={card} />);
  });

  routes.get('/api/results/:token', async (c) => {
    const room = await roomOf(c.req.param('token'));
    if (!room) return sendJsonError('result-unknown');
    const [data, card] = await Promise.all([
      loadEndData(deps, room, c.var.locale),
      deps.files.has(cardPath(room.id)),
    ]);
    return sendJson(data ? { state: 'ready', data, card } : { state: 'waiting' });
  });

  routes.get('/e/:token/card.png', async (c) => {
    const room = await roomOf(c.req.param('token'));
    const card = room && (await deps.files.get(cardPath(room.id)));
    if (!card) return sendError(c, 'not-found');
    return new Response(card.bytes, {
      headers: { 'Content-Type': card.contentType, 'Cache-Control': 'private, max-age=3600' },
    });
  });
};

interface EndPageProps {
  readonly c: WebContext;
  readonly token: string;
  readonly data: EndData | null;
  readonly manifest: ReleaseManifest;
  readonly card: boolean;
}

function EndPage({ c, token, data, manifest, card }: EndPageProps) {
  const { deps, locale } = c.var;
  const t: WebContext['var']['t'] = (key, values) => c.var.t(`end.${key}`, values);
  const texts = manifest.texts[locale] ?? Object.values(manifest.texts)[0];
  const title = texts?.title ?? manifest.game;
  const page = `/e/${token}`;
  const pageData = {
    page,
    title,
    address: deps.url + page,
    result: data !== null,
    card,
    locale,
    texts: deps.texts.topic(locale, 'end'),
  };
  return (
    <Page
      c={c}
      title={t('page_title', { game: title })}
      styles={['end.css']}
      scripts={['end.js']}
      bodyClass="end-page"
    >
      <DataBlock id="end-data" value={pageData} />
      <article class="narrow end">
        <p class="end-game">{title}</p>
        <h1>{t(data?.finished === false ? 'title_unfinished' : 'title')}</h1>
        <div id="end-result" aria-live="polite">
          {data ? (
            <div dangerouslySetInnerHTML={{ __html: endView(data, t) }}></div>
          ) : (
            <p class="end-comparison end-comparing">{t('waiting')}</p>
          )}
        </div>
        <Share t={t} page={page} card={card} />
        <section class="end-next" aria-labelledby="next">
          <h2 id="next">{t('next_title')}</h2>
          <p class="end-buttons">
            <a class="button" href="/#games">
              <Icon name="play" />
              {t('next_game')}
            </a>
            <a class="button button-plain" href={`/games/${manifest.game}`}>
              <Icon name="again" />
              {t('play_again')}
            </a>
          </p>
        </section>
      </article>
    </Page>
  );
}

interface ShareProps {
  readonly t: WebContext['var']['t'];
  readonly page: string;
  readonly card: boolean;
}

/** The script shows the section once the card has been drawn. */
function Share({ t, page, card }: ShareProps) {
  return (
    <section class="end-share" id="end-share" aria-labelledby="share" hidden={!card}>
      <h2 id="share">{t('share_title')}</h2>
      <img
        class="end-card"
        id="end-card"
        src={card ? `${page}/card.png` : undefined}
        alt={t('card_alt')}
        width="1200"
        height="630"
      />
      <p class="end-buttons">
        <a class="button" href={`${page}/card.png`} download="escape.png">
          <Icon name="down" />
          {t('download')}
        </a>
        <button class="button button-plain" type="button" id="end-share-button" hidden>
          <Icon name="share" />
          {t('share')}
        </button>
      </p>
      <p class="quiet">{t('share_note')}</p>
    </section>
  );
}
