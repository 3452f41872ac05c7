/**
 * The lobby under a team's link. A GET changes nothing (I8), so mail scanners and link previews do no harm: seats
 * are taken and the room is created by POSTs only. A device with a seat in a running game is redirected to it.
 */
import { playPath } from '../../../domain/links.ts';
import { seatOfDevice } from '../../../ports/main-db/queries/seats.ts';
import type { Limit, RouteModule, Routes, WebContext } from '../http/route-types.ts';
import { LobbyPage } from '../components/lobby-page.tsx';
import type { WebDeps } from '../deps.ts';
import { getOrCreateDevice, readDeviceHash, createWatchCookie, withCookies } from '../http/cookies.ts';
import type { ErrorCode } from '../errors.ts';
import {
  claimOfflineSeat,
  loadLobbyState,
  type LobbyState,
  type SeatChange,
  saveSeat,
  giveUpSeat,
  notifySeatsChanged,
} from '../lobby/lobby.ts';
import { LobbyPresence } from '../lobby/lobby-presence.ts';
import { seeOther, sendError, sendJson, sendJsonError, sendPage } from '../http/respond.tsx';
import { enterRoom } from '../play/enter-room.ts';
import { findTeam, type Team } from '../lobby/team.ts';

/** A school behind one address: 75 teams of four that start together, with a few changes each. */
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
  viewRoutes(lobby);
  seatRoutes(lobby);
  enterRoutes(lobby);
};

/** The page and its state as JSON. */
function viewRoutes({ routes, deps, presence }: Lobby): void {
  const stateFor = (c: WebContext, { entitlement, manifest }: Team): Promise<LobbyState> =>
    loadLobbyState(deps, presence, entitlement, manifest.players.max, readDeviceHash(c));

  routes.get(PATH, (c) =>
    forTeam(c, async (team) => {
      const state = await stateFor(c, team);
      if (state.room !== null && state.admitted) return seeOther(`/r/${state.room}`);
      return sendPage(<LobbyPage c={c} team={team} state={state} />);
    }),
  );

  const sendState = async (c: LobbyContext, team: Team): Promise<Response> => {
    const device = readDeviceHash(c);
    if (device !== null) presence.markSeen(team.entitlement.id, device);
    return sendJson(await stateFor(c, team));
  };
  routes.get(`${PATH}/state`, (c) =>
    forTeam(
      c,
      (team) => sendState(c, team),
      (_, code) => sendJsonError(code),
    ),
  );
}

/** The visitor's seat: take it, change it, be ready, leave it, claim another player's. */
function seatRoutes({ routes, deps, presence }: Lobby): void {
  routes.postForm(`${PATH}/seat`, POST, (c, form) =>
    forTeam(c, async (team) => {
      const device = getOrCreateDevice(c);
      const { entitlement, manifest } = team;
      const { max } = manifest.players;
      await deps.db.write((tx) => saveSeat(tx, deps, entitlement, max, device.hash, seatChange(c, form)));
      presence.markSeen(entitlement.id, device.hash);
      await notifySeatsChanged(deps, entitlement.room);
      return withCookies(backTo(team), device.cookie);
    }),
  );

  routes.postForm(`${PATH}/ready`, POST, (c, form) =>
    forTeam(c, async (team) => {
      const device = readDeviceHash(c);
      const { entitlement, manifest } = team;
      const seat = device && (await seatOfDevice(deps.db.read, entitlement.id, device));
      if (device === null || !seat) return backTo(team);
      const change = { ...seatChange(c, form), ready: form.get('ready') === '1' };
      await deps.db.write((tx) => saveSeat(tx, deps, entitlement, manifest.players.max, device, change));
      return backTo(team);
    }),
  );

  routes.postForm(`${PATH}/leave`, POST, (c) =>
    forTeam(c, async (team) => {
      const device = readDeviceHash(c);
      if (device !== null) await giveUpSeat(deps, team.entitlement, device);
      return backTo(team);
    }),
  );

  routes.postForm(`${PATH}/claim`, POST, (c, form) =>
    forTeam(c, async (team) => {
      const device = getOrCreateDevice(c);
      const seat = Number(form.get('seat'));
      if (!(await claimOfflineSeat(deps, presence, team.entitlement, seat, device.hash))) return backTo(team);
      await notifySeatsChanged(deps, team.entitlement.room);
      // The lobby redirects to the room if there is one.
      return withCookies(backTo(team), device.cookie);
    }),
  );
}

/** Enters the game, as a player or as an observer. */
function enterRoutes({ routes, deps }: Lobby): void {
  routes.postForm(`${PATH}/enter`, POST, (c, form) =>
    forTeam(c, async (team) => {
      const device = getOrCreateDevice(c);
      const room = await enterRoom(deps, team, device.hash, seatChange(c, form), c.var.locale);
      if (!room) return backTo(team);
      await notifySeatsChanged(deps, room.id);
      return withCookies(seeOther(`/r/${room.id}`), device.cookie);
    }),
  );

  routes.postForm(`${PATH}/watch`, POST, (c) =>
    forTeam(c, async (team) => {
      const { room, generation } = team.entitlement;
      if (room === null) return sendError(c, 'not-begun');
      const device = getOrCreateDevice(c);
      const cookie = createWatchCookie(c, room, generation, device.hash);
      return withCookies(seeOther(`/r/${room}`), device.cookie, cookie);
    }),
  );
}

/** Calls `act` with the team of the link, or `refuse` with what is wrong with the link. */
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

function seatChange(c: WebContext, form: URLSearchParams): SeatChange {
  return {
    name: form.get('name'),
    colour: form.get('colour'),
    ready: null,
    fallbackName: (seat) => c.var.t('lobby.player', { seat }),
  };
}
