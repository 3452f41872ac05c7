/**
 * The lobby's script: who is here, live; the device check; the copy button. Without it the page
 * works as plain forms.
 */
import { SEAT_COLOURS } from '../../../domain/seat.ts';
import type { LobbySeat, LobbyState } from '../lobby.ts';
import { SEAT_SHAPES } from '../seat-shapes.ts';
import { runChecks } from './lib/checks.ts';
import { pageData } from './lib/data.ts';
import { after } from './lib/page.real.ts';

interface LobbyData {
  readonly path: string;
  readonly socket: string;
  readonly texts: { readonly [key: string]: string };
}

const POLL_MS = 2_000;
/** After a failed poll; doubled each time up to the last. */
const RETRY_MS_MAX = 30_000;

const data = pageData('lobby-data') as LobbyData;
/** The lobby's words have no plurals, so putting a name in is all there is to do. */
const t = (key: string, name = '') => (data.texts[key] ?? key).replaceAll('{name}', name);
const element = (id: string) => document.getElementById(id);

let last: LobbyState | null = null;

function poll(delay: number): void {
  after(delay, () => {
    if (document.visibilityState === 'hidden') return poll(POLL_MS);
    void look().then((ok) => poll(ok ? POLL_MS : Math.min(RETRY_MS_MAX, Math.max(POLL_MS, delay) * 2)));
  });
}

async function look(): Promise<boolean> {
  try {
    const response = await fetch(`${data.path}/state`, { headers: { Accept: 'application/json' } });
    if (response.status === 404 || response.status === 410) location.reload();
    if (!response.ok) return false;
    show((await response.json()) as LobbyState);
    return true;
  } catch {
    return false;
  }
}

function show(state: LobbyState): void {
  const before = last;
  last = state;
  for (const row of document.querySelectorAll<HTMLElement>('#team [data-seat]')) {
    showSeat(
      row,
      state.seats.find(({ seat }) => String(seat) === row.dataset['seat']),
      state.mine,
    );
  }
  for (const label of document.querySelectorAll<HTMLElement>('[data-colour]')) {
    const holder = state.seats.find(({ colour }) => colour === label.dataset['colour']);
    const input = label.querySelector('input');
    if (input) input.disabled = holder !== undefined && holder.seat !== state.mine;
  }
  if (!before) return;
  if (offers(before) !== offers(state)) return location.reload();
  tellNews(before, state);
  if (before.room === null && state.room !== null) begun(state);
}

/** What the page lets its visitor do; when that changes the page is asked for anew. */
function offers({ mine, full, seats }: LobbyState): string {
  if (mine !== null || !full) return String(mine);
  const away = seats.filter(({ here }) => !here).map(({ seat }) => seat);
  return `full, away ${away.join()}`;
}

function showSeat(row: HTMLElement, seat: LobbySeat | undefined, mine: number | null): void {
  row.className = `team-seat team-${seat ? (seat.here ? 'here' : 'away') : 'empty'}`;
  const colour = SEAT_COLOURS.find(({ id }) => id === seat?.colour) ?? SEAT_COLOURS[0];
  const mark = row.querySelector('svg');
  mark?.setAttribute('class', `mark mark-${colour.id}`);
  mark?.firstElementChild?.setAttribute('d', SEAT_SHAPES[colour.shape]);
  const own = seat?.seat === mine;
  const notes = [own && t('you'), seat && !own && !seat.here && t('away'), seat?.ready && t('is_ready')];
  setText(row.querySelector('.team-name'), seat?.name ?? t('seat_free'));
  setText(row.querySelector('.team-note'), seat ? notes.filter(Boolean).join(', ') : '');
}

function setText(node: Element | null, text: string): void {
  if (node && node.textContent !== text) node.textContent = text;
}

/** One sentence for screen readers when a mate comes or gets ready. */
function tellNews(before: LobbyState, state: LobbyState): void {
  const news = state.seats
    .filter(({ seat }) => seat !== state.mine)
    .flatMap((mate) => {
      const was = before.seats.find(({ seat }) => seat === mate.seat);
      if (!was) return [t('news_joined', mate.name)];
      return mate.ready && !was.ready ? [t('news_ready', mate.name)] : [];
    });
  if (news.length > 0) setText(element('team-news'), news.join(' '));
}

/** A mate started the game: who is ready comes along, the others see that they may. */
function begun(state: LobbyState): void {
  const form = element('seat-form');
  const enter = form?.querySelector<HTMLButtonElement>('button[formaction]');
  if (!(form instanceof HTMLFormElement) || !enter) return location.reload();
  const ready = state.seats.some(({ seat, ready: isReady }) => seat === state.mine && isReady);
  if (ready) return form.requestSubmit(enter);
  location.reload();
}

function bindReady(): void {
  const form = element('ready-form');
  if (!(form instanceof HTMLFormElement)) return;
  const button = form.querySelector('button');
  const field = form.querySelector('input');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const wanted = field?.value === '1';
    button?.setAttribute('aria-pressed', String(wanted));
    const body = new URLSearchParams({ ready: wanted ? '1' : '0' });
    if (field) field.value = wanted ? '0' : '1';
    void fetch(form.action, { method: 'POST', body }).then(look, () => form.submit());
  });
}

function bindInvite(): void {
  const button = element('invite-copy');
  const field = element('invite-link');
  if (!button || !(field instanceof HTMLInputElement)) return;
  field.addEventListener('focus', () => field.select());
  if (!('clipboard' in navigator)) return;
  button.hidden = false;
  const label = button.lastChild;
  const words = label?.textContent ?? '';
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(field.value).then(
      () => {
        if (label) label.textContent = t('copied');
        after(2_500, () => {
          if (label) label.textContent = words;
        });
      },
      () => field.select(),
    );
  });
}

bindReady();
bindInvite();
runChecks(data.socket, t);
void look();
poll(POLL_MS);
