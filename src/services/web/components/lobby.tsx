/** The parts of the lobby page: the visitor's seat, the team, the device check. All forms work without script. */
import { NAME_LENGTH_MAX, SEAT_COLOURS, type SeatColour } from '../../../domain/seat.ts';
import type { WebContext } from '../http/route-types.ts';
import type { LobbySeat, LobbyState } from '../lobby/lobby.ts';
import { SEAT_SHAPES } from './seat-shapes.ts';
import { Icon } from './icon.tsx';

export interface LobbyProps {
  readonly c: WebContext;
  /** `/join/<secret>`, the base of all form addresses. */
  readonly path: string;
  readonly state: LobbyState;
}

export function SeatIcon({ colour }: { readonly colour: SeatColour }) {
  return (
    <svg
      class={`mark mark-${colour.id}`}
      viewBox="0 0 24 24"
      width="24"
      height="24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={SEAT_SHAPES[colour.shape]} />
    </svg>
  );
}

/** Name and colour, with two buttons: enter the game now, or take a seat and wait for the others. */
export function SeatForm({ c, path, state }: LobbyProps) {
  const { t } = c.var;
  const own = state.seats.find(({ seat }) => seat === state.mine);
  return (
    <form method="post" action={`${path}/seat`} class="seat-form" id="seat-form">
      <p class="field">
        <label for="name">{t('lobby.name')}</label>
        <input
          id="name"
          name="name"
          type="text"
          value={own?.name ?? ''}
          placeholder={t('lobby.player', { seat: state.mine ?? state.seats.length + 1 })}
          maxlength={NAME_LENGTH_MAX}
          autocomplete="name"
          autocapitalize="words"
          spellcheck={false}
          enterkeyhint="go"
        />
      </p>
      <ColourChoice c={c} own={own ?? null} seats={state.seats} />
      <p class="seat-buttons">
        <button class="button button-big" type="submit" formaction={`${path}/enter`}>
          <Icon name="play" />
          {t(state.room === null ? 'lobby.enter' : 'lobby.enter_running')}
        </button>
        <button class="button button-plain" type="submit" id="sit">
          {t(own ? 'lobby.save' : 'lobby.sit')}
        </button>
      </p>
      <p class="quiet">{t(state.room === null ? 'lobby.enter_note' : 'lobby.enter_running_note')}</p>
    </form>
  );
}

function ColourChoice(props: {
  readonly c: WebContext;
  readonly own: LobbySeat | null;
  readonly seats: readonly LobbySeat[];
}) {
  const { t } = props.c.var;
  const taken = new Set(props.seats.filter((one) => one !== props.own).map(({ colour }) => colour));
  const chosen = props.own?.colour ?? SEAT_COLOURS.find(({ id }) => !taken.has(id))?.id;
  return (
    <fieldset class="colours">
      <legend>{t('lobby.colour')}</legend>
      <div class="colour-row">
        {SEAT_COLOURS.map((colour) => (
          <label class="colour" data-colour={colour.id}>
            <input
              type="radio"
              name="colour"
              value={colour.id}
              checked={colour.id === chosen}
              disabled={taken.has(colour.id)}
            />
            <SeatIcon colour={colour} />
            <span class="visually-hidden">{t(`lobby.colour_${colour.id}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** One row per seat, including empty ones: the script updates the rows and adds none. */
export function TeamList({ c, state }: Omit<LobbyProps, 'path'>) {
  const { t } = c.var;
  const rows = Array.from({ length: state.max }, (_, index) => index + 1);
  return (
    <ol class="team" id="team" aria-label={t('lobby.team')}>
      {rows.map((number) => {
        const seat = state.seats.find((one) => one.seat === number);
        const colour = SEAT_COLOURS.find(({ id }) => id === seat?.colour) ?? SEAT_COLOURS[0];
        const kind = seat ? (seat.here ? 'here' : 'away') : 'empty';
        return (
          <li class={`team-seat team-${kind}`} data-seat={String(number)}>
            <SeatIcon colour={colour} />
            <span class="team-name">{seat?.name ?? t('lobby.seat_free')}</span>
            <span class="team-note">{seat ? seatNote(c, seat, state.mine) : ''}</span>
          </li>
        );
      })}
    </ol>
  );
}

function seatNote(c: WebContext, seat: LobbySeat, mine: number | null): string {
  const { t } = c.var;
  const notes = [
    seat.seat === mine && t('lobby.you'),
    seat.seat !== mine && !seat.here && t('lobby.away'),
    seat.ready && t('lobby.is_ready'),
  ];
  return notes.filter(Boolean).join(', ');
}

export function ReadyForm({ c, path, state }: LobbyProps) {
  const { t } = c.var;
  const own = state.seats.find(({ seat }) => seat === state.mine);
  if (!own || state.room !== null) return null;
  return (
    <form method="post" action={`${path}/ready`} class="ready-form" id="ready-form">
      <input type="hidden" name="ready" value={own.ready ? '0' : '1'} />
      <button class="button button-plain ready-button" type="submit" aria-pressed={String(own.ready)}>
        <Icon name="tick" />
        {t('lobby.ready')}
      </button>
      <p class="quiet">{t('lobby.ready_note')}</p>
    </form>
  );
}

/** Only before the game has begun; later a seat can only be claimed. */
export function LeaveForm({ c, path, state }: LobbyProps) {
  if (state.mine === null || state.room !== null) return null;
  return (
    <form method="post" action={`${path}/leave`} class="leave-form">
      <button class="link-button" type="submit">
        {c.var.t('lobby.leave')}
      </button>
    </form>
  );
}

/** Shown if all seats are taken and this device has none: watch, or claim the seat of a player who is away. */
export function FullTeam({ c, path, state }: LobbyProps) {
  const { t } = c.var;
  const away = state.seats.filter(({ here }) => !here);
  return (
    <section class="card" aria-labelledby="full">
      <h2 id="full">{t('lobby.full_title')}</h2>
      <p>{t('lobby.full_text', { max: state.max })}</p>
      <form method="post" action={`${path}/watch`} class="watch">
        <button class="button button-big" type="submit" disabled={state.room === null}>
          <Icon name="eye" />
          {t('lobby.watch')}
        </button>
        <p class="quiet">{t(state.room === null ? 'lobby.watch_later' : 'lobby.watch_note')}</p>
      </form>
      <h3>{t('lobby.claim_title')}</h3>
      <p>{t(away.length > 0 ? 'lobby.claim_text' : 'lobby.claim_none')}</p>
      {away.map((seat) => (
        <form method="post" action={`${path}/claim`} class="claim">
          <input type="hidden" name="seat" value={String(seat.seat)} />
          <button class="button button-plain" type="submit">
            <SeatIcon colour={SEAT_COLOURS.find(({ id }) => id === seat.colour) ?? SEAT_COLOURS[0]} />
            {t('lobby.claim', { name: seat.name })}
          </button>
        </form>
      ))}
    </section>
  );
}

const CHECKS = ['socket', 'sound', 'screen', 'storage'] as const;

/** The script runs the checks and shows the list. Games need scripts: without them the `noscript` text is shown. */
export function DeviceCheck({ c }: { readonly c: WebContext }) {
  const { t } = c.var;
  return (
    <section class="card checks" aria-labelledby="checks">
      <h2 id="checks">{t('lobby.check_title')}</h2>
      <noscript>
        <p class="check-fail">{t('lobby.check_script')}</p>
      </noscript>
      <ul class="check-list" id="check-list" aria-live="polite" hidden>
        {CHECKS.map((check) => (
          <li class="check" data-check={check} data-state="running">
            <span class="check-sign" aria-hidden="true"></span>
            <span class="check-name">{t(`lobby.check_${check}`)}</span>
            <span class="check-result">{t('lobby.check_running')}</span>
            {check === 'sound' && (
              <button class="button button-plain" type="button" id="sound-test">
                <Icon name="bell" />
                {t('lobby.sound_test')}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The link for the others, which is the address of this page. */
export function Invite({ c, link }: { readonly c: WebContext; readonly link: string }) {
  const { t } = c.var;
  return (
    <div class="invite">
      <label for="invite-link">{t('lobby.invite')}</label>
      <div class="invite-row">
        <input id="invite-link" type="text" readonly value={link} />
        <button class="button button-plain" type="button" id="invite-copy" hidden>
          <Icon name="link" />
          {t('lobby.copy')}
        </button>
      </div>
      <p class="quiet">{t('lobby.invite_note')}</p>
    </div>
  );
}
