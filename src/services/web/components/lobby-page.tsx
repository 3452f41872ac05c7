/** The lobby page, composed of the parts in lobby.tsx. */
import { playLink, playPath } from '../../../domain/links.ts';
import type { WebContext } from '../http/route-types.ts';
import { DataBlock, Page } from './layout.tsx';
import type { LobbyState } from '../lobby/lobby.ts';
import type { Team } from '../lobby/team.ts';
import {
  DeviceCheck,
  FullTeam,
  Invite,
  LeaveForm,
  type LobbyProps,
  ReadyForm,
  SeatForm,
  TeamList,
} from './lobby.tsx';

/** No room has this id: the script only checks whether a socket can be opened. */
const CHECK_ROOM = '0'.repeat(20);

interface LobbyPageProps {
  readonly c: WebContext;
  readonly team: Team;
  readonly state: LobbyState;
}

export function LobbyPage({ c, team, state }: LobbyPageProps) {
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
              <FullTeam {...props} />
            ) : (
              <section class="card" aria-labelledby="seat">
                <h2 id="seat">{t(state.mine === null ? 'lobby.seat_title' : 'lobby.seat_title_own')}</h2>
                <SeatForm {...props} />
                <LeaveForm {...props} />
              </section>
            )}
          </div>
          <section class="card lobby-team" aria-labelledby="team-title">
            <h2 id="team-title">{t('lobby.team')}</h2>
            <TeamList c={c} state={state} />
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

/** Addresses and texts for the lobby's script. */
function dataFor(c: WebContext, { secret }: Team) {
  const { deps, locale } = c.var;
  return {
    path: playPath(secret),
    socket: deps.placement.socketAddress(deps.placement.anySlot(), CHECK_ROOM),
    locale,
    texts: deps.texts.topic(locale, 'lobby'),
  };
}
