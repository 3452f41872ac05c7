/** The play page and the calls of its script. */
import type { Release } from '../../../ports/main-db/queries/releases.ts';
import type { Limit, RouteModule, WebContext } from '../http/route-types.ts';
import { checkRoomAccess, type RoomAccess, createJoinAnswer } from '../play/join.ts';
import { DataBlock, Page } from '../components/layout.tsx';
import type { PlayData } from '../play/play-data.ts';
import { releaseOfRoom } from '../play/played-release.ts';
import { readReports, storeReports } from '../play/reports.ts';
import { jsonRefusal, sendError, sendJson, sendJsonError, sendPage } from '../http/respond.tsx';

/** A school with 300 pages behind one address, all of which reconnect at once a few times a minute. */
const JOIN_LIMIT: Limit = { burst: 600, perMinute: 1_200 };
const REPORT_LIMIT: Limit = { burst: 10, perMinute: 6 };
const REPORTS_BYTES_MAX = 64 * 1024;

export const playRoutes: RouteModule = (routes, deps) => {
  routes.get('/r/:room', async (c) => {
    const found = await checkRoomAccess(c, c.req.param('room'));
    if (!found.ok) return sendError(c, found.code);
    const { access } = found;
    const release = await releaseOfRoom(deps.db.read, access.room);
    if (!release) throw new Error(`room ${access.room.id} has no release with its rules`);
    const data = await playData(c, access, release);
    const response = await sendPage(<PlayPage c={c} data={data} styles={release.manifest.styles} />);
    // The page contains a ticket, which is valid for one minute.
    response.headers.set('Cache-Control', 'no-store');
    return response;
  });

  routes.postJson('/api/rooms/:room/join', { limit: JOIN_LIMIT }, async (c) => {
    const found = await checkRoomAccess(c, c.req.param('room'));
    if (!found.ok) return sendJson(jsonRefusal(found.code));
    return sendJson(await createJoinAnswer(c, found.access, { mayPlace: true }));
  });

  routes.postJson('/api/reports', { limit: REPORT_LIMIT, bytesMax: REPORTS_BYTES_MAX }, async (c, body) => {
    const batch = readReports(body);
    if (!batch) return sendJsonError('bad-request');
    const found = await checkRoomAccess(c, batch.room);
    if (!found.ok) return sendJsonError(found.code);
    await storeReports(deps, batch);
    return sendJson({ ok: true });
  });
};

async function playData(c: WebContext, access: RoomAccess, { id, manifest }: Release): Promise<PlayData> {
  const { deps, locale } = c.var;
  const language = manifest.locales[locale] ? locale : (Object.keys(manifest.locales)[0] ?? locale);
  const address = (path: string | undefined) => `/files/${path ?? ''}`;
  return {
    room: access.room.id,
    release: id,
    api: manifest.api,
    locale: language,
    title: manifest.texts[language]?.title ?? manifest.game,
    minutes: manifest.minutes,
    client: address(manifest.client),
    gameTexts: address(manifest.locales[language]),
    assets: Object.fromEntries(
      Object.entries(manifest.assets).map(([path, stored]) => [path, address(stored)]),
    ),
    endPage: `/e/${access.room.end_token}`,
    join: await createJoinAnswer(c, access, { mayPlace: false }),
    texts: deps.texts.topic(locale, 'play'),
  };
}

interface PlayPageProps {
  readonly c: WebContext;
  readonly data: PlayData;
  /** Path of the game's style sheet. */
  readonly styles: string | null;
}

function PlayPage({ c, data, styles }: PlayPageProps) {
  const { t } = c.var;
  return (
    <Page
      c={c}
      title={data.title}
      frame="bare"
      bodyClass="play-page"
      styles={['play.css']}
      scripts={['play.js']}
    >
      {styles !== null && <link rel="stylesheet" href={`/files/${styles}`} />}
      <link rel="modulepreload" href={data.client} />
      <link rel="preload" as="fetch" href={data.gameTexts} crossorigin="" />
      <DataBlock id="play-data" value={data} />
      <div id="play">
        <div class="play-wait">
          <p class="play-wait-title">{data.title}</p>
          <p>{t('play.loading')}</p>
          <noscript>
            <p>{t('play.needs_script')}</p>
          </noscript>
        </div>
      </div>
    </Page>
  );
}
