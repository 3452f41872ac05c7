/** The play page and the calls of its script. */
import { z } from 'zod';
import type { JoinAnswer } from '@escapement/sdk/session-api';
import { insertReports } from '../../../ports/main-db/queries/reports.ts';
import type { Limit, RouteModule, WebContext } from '../route-types.ts';
import { findGuest, type Guest, joinAnswer } from '../join.ts';
import { DataBlock, Page } from '../layout.tsx';
import {
  type PlayData,
  REPORT_DETAIL_LENGTH_MAX,
  REPORT_KIND_LENGTH_MAX,
  REPORTS_PER_BATCH_MAX,
} from '../play-data.ts';
import { sendError, sendJson, sendJsonError, sendPage } from '../respond.tsx';
import { type PlayedRelease, releaseOfRoom } from '../enter-room.ts';

/** A school of 300 pages behind one address whose network comes back at once, a few times a minute. */
const JOIN_LIMIT: Limit = { burst: 600, perMinute: 1_200 };
const REPORT_LIMIT: Limit = { burst: 10, perMinute: 6 };
const REPORTS_BYTES_MAX = 64 * 1024;

export const playRoutes: RouteModule = (routes, deps) => {
  routes.get('/r/:room', async (c) => {
    const found = await findGuest(c, c.req.param('room'));
    if (!found.ok) return sendError(c, found.code);
    const edition = await releaseOfRoom(deps.db.read, found.guest.room);
    if (!edition) throw new Error(`room ${found.guest.room.id} has no release with its rules`);
    const response = await sendPage(
      <PlayPage c={c} data={await playData(c, found.guest, edition)} edition={edition} />,
    );
    // The page carries a ticket: it is for this moment only.
    response.headers.set('Cache-Control', 'no-store');
    return response;
  });

  routes.postJson('/api/rooms/:room/join', { limit: JOIN_LIMIT }, async (c) => {
    const found = await findGuest(c, c.req.param('room'));
    if (found.ok) return sendJson(await joinAnswer(c, found.guest, { mayPlace: true }));
    // oxlint-disable-next-line unicorn/no-thenable -- a word of the answer, not a promise
    return sendJson({ ok: false, code: found.code, then: 'stop' } satisfies JoinAnswer);
  });

  routes.postJson('/api/reports', { limit: REPORT_LIMIT, bytesMax: REPORTS_BYTES_MAX }, async (c, body) => {
    const batch = reportsSchema.safeParse(body);
    if (!batch.success) return sendJsonError('bad-request');
    const { room, release, reports } = batch.data;
    const found = await findGuest(c, room);
    if (!found.ok) return sendJsonError(found.code);
    const now = deps.world.clock.now();
    await deps.db.write((tx) =>
      insertReports(
        tx,
        reports.map(({ kind, detail }) => ({ room, release, kind, detail, reported_at: now })),
      ),
    );
    return sendJson({ ok: true });
  });
};

/** No control characters reach the operator's pages and logs. */
const line = (max: number) =>
  z
    .string()
    .max(max)
    .transform((text) => text.replace(/[\p{Cc}\p{Cf}]/gu, ' '));

const reportsSchema = z.strictObject({
  room: z.string().max(64),
  release: z.string().regex(/^[a-z0-9-]{1,64}$/),
  reports: z
    .array(z.strictObject({ kind: line(REPORT_KIND_LENGTH_MAX), detail: line(REPORT_DETAIL_LENGTH_MAX) }))
    .min(1)
    .max(REPORTS_PER_BATCH_MAX),
});

async function playData(c: WebContext, guest: Guest, { row, manifest }: PlayedRelease): Promise<PlayData> {
  const { deps, locale } = c.var;
  const spoken = manifest.locales[locale] ? locale : (Object.keys(manifest.locales)[0] ?? locale);
  const address = (path: string | undefined) => `/files/${path ?? ''}`;
  return {
    room: guest.room.id,
    release: row.id,
    api: manifest.api,
    locale: spoken,
    title: manifest.texts[spoken]?.title ?? manifest.game,
    minutes: manifest.minutes,
    client: address(manifest.client),
    gameTexts: address(manifest.locales[spoken]),
    assets: Object.fromEntries(
      Object.entries(manifest.assets).map(([path, stored]) => [path, address(stored)]),
    ),
    endPage: `/e/${guest.room.end_token}`,
    join: await joinAnswer(c, guest, { mayPlace: false }),
    texts: deps.texts.topic(locale, 'play'),
  };
}

interface PlayPageProps {
  readonly c: WebContext;
  readonly data: PlayData;
  readonly edition: PlayedRelease;
}

function PlayPage({ c, data, edition }: PlayPageProps) {
  const { t } = c.var;
  const { styles } = edition.manifest;
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
