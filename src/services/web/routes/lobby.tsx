/**
 * The lobby under a team's link. Looking at it changes nothing, so mail scanners and previews do no
 * harm: a seat is taken, and the room made, only by a POST. A device that has a seat in a game
 * that began goes straight to it.
 */
import { playPath } from '../../../domain/links.ts';
import { seatOfDevice } from '../../../ports/main-db/queries/seats.ts';
import type { Limit, RouteModule, Routes, WebContext } from '../route-types.ts';
import { LobbyPage } from '../components/lobby-page.tsx';
import type { WebDeps } from '../deps.ts';
import { deviceFor, knownDevice, watchCookie, withCookies } from '../device.ts';
import type { ErrorCode } from '../errors.ts';
import { claim, lobbyState, type LobbyState, type SeatWish, sitDown, standUp, tellSeats } from '../lobby.ts';
import { LobbyPresence } from '../lobby-presence.ts';
import { seeOther, sendError, sendJson, sendJsonError, sendPage } from '../respond.tsx';
import { enterRoom } from '../enter-room.ts';
import { findTeam, type Team } from '../team.ts';

/** A school behind one address: 75 teams of four that begin together, and change their minds now and then. */
const POST = { limit: { burst: 600, perMinute: 600 } satisfies Limit };
const PATH = playPath(':secret') as '/:secret';
type LobbyContext = WebContext<'/:secret'>;

interface Lobby {
  readonly routes: Routes;
  readonly deps: WebDeps;
  readonly presence: LobbyPresence;
}

export const lobbyRoutes: RouteModule = (routes, deps) => {
  const lobby: Lobby = { routes, deps, presence: new LobbyPresence(deps.world.clock) };
  lookRoutes(lobby);
  seatRoutes(lobby);
  enterRoutes(lobby);
};

/** GETs: they change nothing. */
function lookRoutes({ routes, deps, presence }: Lobby): void {
  const stateFor = (c: WebContext, { entitlement, manifest }: Team): Promise<LobbyState> =>
    lobbyState(deps, presence, entitlement, manifest.players.max, knownDevice(c));

  routes.get(PATH, (c) =>
    forTeam(c, async (team) => {
      const state = await stateFor(c, team);
      if (state.room !== null && state.admitted) return seeOther(`/r/${state.room}`);
      return sendPage(<LobbyPage c={c} team={team} state={state} />);
    }),
  );

  const telling = async (c: LobbyContext, team: Team): Promise<Response> => {
    const device = knownDevice(c);
    if (device !== null) presence.note(team.entitlement.id, device);
    return sendJson(await stateFor(c, team));
  };
  routes.get(`${PATH}/state`, (c) =>
    forTeam(
      c,
      (team) => telling(c, team),
      (_, code) => sendJsonError(code),
    ),
  );
}

/** One's own seat: take it, change it, be ready, give it up, take over another's. */
function seatRoutes({ routes, deps, presence }: Lobby): void {
  routes.postForm(`${PATH}/seat`, POST, (c, form) =>
    forTeam(c, async (team) => {
      const device = deviceFor(c);
      const { entitlement, manifest } = team;
      const { max } = manifest.players;
      await deps.db.write((tx) => sitDown(tx, deps, entitlement, max, device.hash, wishOf(c, form)));
      presence.note(entitlement.id, device.hash);
      await tellSeats(deps, entitlement.room);
      return withCookies(backTo(team), device.cookie);
    }),
  );

  routes.postForm(`${PATH}/ready`, POST, (c, form) =>
    forTeam(c, async (team) => {
      const device = knownDevice(c);
      const { entitlement, manifest } = team;
      const seat = device && (await seatOfDevice(deps.db.read, entitlement.id, device));
      if (device === null || !seat) return backTo(team);
      const wish = { ...wishOf(c, form), ready: form.get('ready') === '1' };
      await deps.db.write((tx) => sitDown(tx, deps, entitlement, manifest.players.max, device, wish));
      return backTo(team);
    }),
  );

  routes.postForm(`${PATH}/leave`, POST, (c) =>
    forTeam(c, async (team) => {
      const device = knownDevice(c);
      if (device !== null) await standUp(deps, team.entitlement, device);
      return backTo(team);
    }),
  );

  routes.postForm(`${PATH}/claim`, POST, (c, form) =>
    forTeam(c, async (team) => {
      const device = deviceFor(c);
      const seat = Number(form.get('seat'));
      if (!(await claim(deps, presence, team.entitlement, seat, device.hash))) return backTo(team);
      await tellSeats(deps, team.entitlement.room);
      // With a room this leads on to it, before there is one back to the lobby.
      return withCookies(backTo(team), device.cookie);
    }),
  );
}

/** Into the game, as a player or to watch. */
function enterRoutes({ routes, deps }: Lobby): void {
  routes.postForm(`${PATH}/enter`, POST, (c, form) =>
    forTeam(c, async (team) => {
      const device = deviceFor(c);
      const { entitlement, manifest } = team;
      const room = await deps.db.write(async (tx) => {
        const { max } = manifest.players;
        const sat = await sitDown(tx, deps, entitlement, max, device.hash, wishOf(c, form));
        return sat.ok ? enterRoom(tx, deps, entitlement, c.var.locale) : null;
      });
      if (!room) return backTo(team);
      await tellSeats(deps, room.id);
      return withCookies(seeOther(`/r/${room.id}`), device.cookie);
    }),
  );

  routes.postForm(`${PATH}/watch`, POST, (c) =>
    forTeam(c, async (team) => {
      const { room, generation } = team.entitlement;
      if (room === null) return sendError(c, 'not-begun');
      const device = deviceFor(c);
      const cookie = watchCookie(c, room, generation, device.hash);
      return withCookies(seeOther(`/r/${room}`), device.cookie, cookie);
    }),
  );
}

/** Runs `act` for the team whose link this is, or says what is wrong with the link. */
async function forTeam(
  c: LobbyContext,
  act: (team: Team) => Promise<Response>,
  refuse: (c: WebContext, code: ErrorCode) => Response | Promise<Response> = sendError,
): Promise<Response> {
  const found = await findTeam(c, c.req.param('secret'));
  return found.ok ? act(found.team) : refuse(c, found.code);
}

function backTo({ secret }: Team): Response {
  return seeOther(playPath(secret));
}

function wishOf(c: WebContext, form: URLSearchParams): SeatWish {
  return {
    name: form.get('name'),
    colour: form.get('colour'),
    ready: null,
    fallbackName: (seat) => c.var.t('lobby.player', { seat }),
  };
}
