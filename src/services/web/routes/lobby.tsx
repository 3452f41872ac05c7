/**
 * The lobby under a team's link. Looking at it changes nothing, so mail scanners and previews do no
 * harm: a seat is taken, and the room made, only by a POST. A device that has a seat in a game
 * that began goes straight to it.
 */
import { playLink, playPath } from '../../../domain/links.ts';
import type { GameTexts, ReleaseManifest } from '../../../domain/release.ts';
import { hashSecret, SECRET } from '../../../domain/secret.ts';
import { socketPath } from '../../../domain/room.ts';
import { entitlementBySecretHash } from '../../../ports/main-db/queries/entitlements.ts';
import { seatOfDevice } from '../../../ports/main-db/queries/seats.ts';
import type { EntitlementRow } from '../../../ports/main-db/schema.ts';
import type { Limit, RouteModule, WebContext } from '../app.ts';
import {
  DeviceCheck,
  FullHouse,
  Invite,
  type LobbyProps,
  ReadyForm,
  SeatForm,
  Team,
} from '../components/lobby.tsx';
import { deviceFor, knownDevice, watchCookie, withCookies } from '../device.ts';
import type { ErrorCode } from '../errors.ts';
import { DataBlock, Page } from '../layout.tsx';
import { claim, type LobbyState, lobbyState, type SeatWish, sitDown, standUp, tellSeats } from '../lobby.ts';
import { LobbyPresence } from '../lobby-presence.ts';
import { seeOther, sendError, sendJson, sendJsonError, sendPage } from '../respond.tsx';
import { editionFor, enterRoom } from '../rooms.ts';

/** A team of eight behind one address, each changing its mind now and then. */
const LIMIT: Limit = { burst: 40, perMinute: 60 };
/** Not a room: the script only tries whether a socket opens. */
const CHECK_ROOM = '0'.repeat(20);

interface Team {
  readonly secret: string;
  readonly entitlement: EntitlementRow;
  readonly manifest: ReleaseManifest;
  readonly texts: GameTexts;
}
type Found = { readonly ok: true; readonly team: Team } | { readonly ok: false; readonly code: ErrorCode };

export const lobbyRoutes: RouteModule = (routes, deps) => {
  const presence = new LobbyPresence(deps.world.clock);
  const path = playPath(':secret') as '/:secret';

  /** Runs `act` for the team whose link this is, or says what is wrong with the link. */
  const forTeam = async (
    c: WebContext<'/:secret'>,
    act: (team: Team) => Promise<Response>,
    refuse: (c: WebContext, code: ErrorCode) => Response | Promise<Response> = sendError,
  ): Promise<Response> => {
    const found = await findTeam(c, c.req.param('secret'));
    return found.ok ? act(found.team) : refuse(c, found.code);
  };
  const stateFor = (c: WebContext, { entitlement, manifest }: Team) =>
    lobbyState(deps, presence, entitlement, manifest.players.max, knownDevice(c));
  const back = ({ secret }: Team) => seeOther(playPath(secret));

  routes.get(path, (c) =>
    forTeam(c, async (team) => {
      const state = await stateFor(c, team);
      if (state.room !== null && state.mine !== null) return seeOther(`/r/${state.room}`);
      return sendPage(<LobbyPage c={c} team={team} state={state} />);
    }),
  );

  routes.get(`${path}/state`, (c) =>
    forTeam(
      c,
      async (team) => {
        const device = knownDevice(c);
        if (device !== null) presence.note(team.entitlement.id, device);
        return sendJson(await stateFor(c, team));
      },
      (_, code) => sendJsonError(code),
    ),
  );

  routes.postForm(`${path}/seat`, { limit: LIMIT }, (c, form) =>
    forTeam(c, async (team) => {
      const device = deviceFor(c);
      const { entitlement, manifest } = team;
      await deps.db.write((tx) =>
        sitDown(tx, deps, entitlement, manifest.players.max, device.hash, wishOf(c, form)),
      );
      presence.note(entitlement.id, device.hash);
      await tellSeats(deps, entitlement.room);
      return withCookies(back(team), device.cookie);
    }),
  );

  routes.postForm(`${path}/ready`, { limit: LIMIT }, (c, form) =>
    forTeam(c, async (team) => {
      const device = knownDevice(c);
      const { entitlement, manifest } = team;
      if (device === null || !(await seatOfDevice(deps.db.read, entitlement.id, device))) return back(team);
      const wish = { ...wishOf(c, form), ready: form.get('ready') === '1' };
      await deps.db.write((tx) => sitDown(tx, deps, entitlement, manifest.players.max, device, wish));
      return back(team);
    }),
  );

  routes.postForm(`${path}/leave`, { limit: LIMIT }, (c) =>
    forTeam(c, async (team) => {
      const device = knownDevice(c);
      if (device !== null) await standUp(deps, team.entitlement, device);
      return back(team);
    }),
  );

  routes.postForm(`${path}/enter`, { limit: LIMIT }, (c, form) =>
    forTeam(c, async (team) => {
      const device = deviceFor(c);
      const { entitlement, manifest } = team;
      const room = await deps.db.write(async (tx) => {
        // Read again under the write lock: a mate may have entered a moment ago.
        const now = (await entitlementBySecretHash(tx, entitlement.secret_hash)) ?? entitlement;
        const sat = await sitDown(tx, deps, now, manifest.players.max, device.hash, wishOf(c, form));
        return sat.ok ? enterRoom(tx, deps, now, c.var.locale) : null;
      });
      if (!room) return back(team);
      await tellSeats(deps, room.id);
      return withCookies(seeOther(`/r/${room.id}`), device.cookie);
    }),
  );

  routes.postForm(`${path}/watch`, { limit: LIMIT }, (c) =>
    forTeam(c, async (team) => {
      const { room, generation } = team.entitlement;
      if (room === null) return sendError(c, 'not-begun');
      const device = deviceFor(c);
      const cookie = watchCookie(c, room, generation, device.hash);
      return withCookies(seeOther(`/r/${room}`), device.cookie, cookie);
    }),
  );

  routes.postForm(`${path}/claim`, { limit: LIMIT }, (c, form) =>
    forTeam(c, async (team) => {
      const device = deviceFor(c);
      const seat = Number(form.get('seat'));
      const outcome = await claim(deps, presence, team.entitlement, seat, device.hash);
      if (outcome !== 'claimed') return back(team);
      await tellSeats(deps, team.entitlement.room);
      // With a room this leads on to it, before there is one back to the lobby.
      return withCookies(back(team), device.cookie);
    }),
  );
};

async function findTeam(c: WebContext, secret: string): Promise<Found> {
  const { db } = c.var.deps;
  if (!SECRET.test(secret)) return { ok: false, code: 'link-unknown' };
  const entitlement = await entitlementBySecretHash(db.read, hashSecret(secret));
  if (!entitlement) return { ok: false, code: 'link-unknown' };
  const edition = await editionFor(db.read, entitlement);
  if (!edition) return { ok: false, code: 'link-retired' };
  const { manifest } = edition;
  const texts = manifest.texts[c.var.locale] ?? Object.values(manifest.texts)[0];
  if (!texts) throw new Error(`release ${edition.row.id} has no texts`);
  return { ok: true, team: { secret, entitlement, manifest, texts } };
}

function wishOf(c: WebContext, form: URLSearchParams): SeatWish {
  return {
    name: form.get('name'),
    colour: form.get('colour'),
    ready: null,
    fallbackName: (seat) => c.var.t('lobby.player', { seat }),
  };
}

interface LobbyPageProps {
  readonly c: WebContext;
  readonly team: Team;
  readonly state: LobbyState;
}

function LobbyPage({ c, team, state }: LobbyPageProps) {
  const { deps, t } = c.var;
  const { manifest, texts, secret } = team;
  const props: LobbyProps = { c, path: playPath(secret), state };
  const cover = manifest.assets[manifest.cover];
  return (
    <Page c={c} title={texts.title} styles={['lobby.css']} scripts={['lobby.js']} bodyClass="lobby-page">
      <DataBlock id="lobby-data" value={dataFor(c, team)} />
      <div class="wide lobby">
        <header class="lobby-head">
          {cover !== undefined && (
            <img class="lobby-cover" src={`/files/${cover}`} alt="" width="320" height="200" />
          )}
          <div>
            <h1>{texts.title}</h1>
            <p class="lead">{texts.tagline}</p>
            <p class="quiet">{t('lobby.facts', { minutes: manifest.minutes, ...manifest.players })}</p>
          </div>
        </header>
        <div class="lobby-columns">
          <div class="lobby-main">
            {state.full && state.mine === null ? (
              <FullHouse {...props} />
            ) : (
              <section class="card" aria-labelledby="seat">
                <h2 id="seat">{t(state.mine === null ? 'lobby.seat_title' : 'lobby.seat_title_own')}</h2>
                <SeatForm {...props} />
              </section>
            )}
          </div>
          <section class="card lobby-team" aria-labelledby="team-title">
            <h2 id="team-title">{t('lobby.team')}</h2>
            <Team c={c} state={state} />
            <p class="visually-hidden" id="team-news" aria-live="polite"></p>
            <ReadyForm {...props} />
            {manifest.players.max > 1 && <Invite c={c} link={playLink(deps.url, secret)} />}
          </section>
          <DeviceCheck c={c} />
        </div>
      </div>
    </Page>
  );
}

/** What the lobby's script needs: addresses and words. */
function dataFor(c: WebContext, { secret }: Team) {
  const { deps, locale } = c.var;
  return {
    path: playPath(secret),
    socket: socketPath(deps.placeRoom().slot, CHECK_ROOM),
    locale,
    texts: deps.texts.topic(locale, 'lobby'),
  };
}
