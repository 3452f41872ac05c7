/**
 * The lobby's script: updates the team list, runs the device check, binds the copy button. Without it the page works
 * with plain forms.
 */
import { SEAT_COLOURS } from '../../../domain/seat.ts';
import type { LobbySeat, LobbyState } from '../lobby/lobby.ts';
import { SEAT_SHAPES } from '../components/seat-shapes.ts';
import { runChecks } from './lib/checks.ts';
import { pageData } from './lib/data.ts';
import { after } from './lib/page.real.ts';

interface LobbyData {
  readonly path: string;
  readonly socket: string;
  readonly texts: { readonly [key: string]: string };
}

const POLL_MS = 2_000;
/** Failed polls double the pause up to this. */
const RETRY_MS_MAX = 30_000;

const data = pageData('lobby-data') as LobbyData;
/** The lobby's texts have no plurals: replacing `{name}` is enough. */
const t = (key: string, name = '') => (data.texts[key] ?? key).replaceAll('{name}', name);
const element = (id: string) => document.getElementById(id);

let last: LobbyState | null = null;

function poll(delay: number): void {
  after(delay, () => {
    if (document.visibilityState === 'hidden') return poll(POLL_MS);
    void fetchState().then((ok) => poll(ok ? POLL_MS : Math.min(RETRY_MS_MAX, Math.max(POLL_MS, delay) * 2)));
  });
}

async function fetchState(): Promise<boolean> {
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
  if (availableActions(before) !== availableActions(state)) return location.reload();
  announceChanges(before, state);
  if (before.room === null && state.room !== null) onGameStarted(state);
}

/** The actions that the page offers its visitor, as a key; when it changes, the page is reloaded. */
function availableActions({ mine, full, seats }: LobbyState): string {
  if (mine !== null || !full) return String(mine);
  const away = seats.filter(({ here }) => !here).map(({ seat }) => seat);
  return `full, away ${away.join()}`;
}

function showSeat(row: HTMLElement, seat: LobbySeat | undefined, mine: number | null): void {
  row.className = `team-seat team-${seat ? (seat.here ? 'here' : 'away') : 'empty'}`;
  const colour = SEAT_COLOURS.find(({ id }) => id === seat?.colour) ?? SEAT_COLOURS[0];
  const shape = row.querySelector('svg');
  shape?.setAttribute('class', `mark mark-${colour.id}`);
  shape?.firstElementChild?.setAttribute('d', SEAT_SHAPES[colour.shape]);
  const own = seat?.seat === mine;
  const notes = [own && t('you'), seat && !own && !seat.here && t('away'), seat?.ready && t('is_ready')];
  setText(row.querySelector('.team-name'), seat?.name ?? t('seat_free'));
  setText(row.querySelector('.team-note'), seat ? notes.filter(Boolean).join(', ') : '');
}

function setText(node: Element | null, text: string): void {
  if (node && node.textContent !== text) node.textContent = text;
}

/** A sentence for screen readers when a teammate takes a seat or gets ready. */
function announceChanges(before: LobbyState, state: LobbyState): void {
  const news = state.seats
    .filter(({ seat }) => seat !== state.mine)
    .flatMap((teammate) => {
      const previous = before.seats.find(({ seat }) => seat === teammate.seat);
      if (!previous) return [t('news_joined', teammate.name)];
      return teammate.ready && !previous.ready ? [t('news_ready', teammate.name)] : [];
    });
  if (news.length > 0) setText(element('team-news'), news.join(' '));
}

/** A teammate has entered the game: a ready player enters too; for others the reloaded page offers it. */
function onGameStarted(state: LobbyState): void {
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
    void fetch(form.action, { method: 'POST', body }).then(fetchState, () => form.submit());
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
  const text = label?.textContent ?? '';
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(field.value).then(
      () => {
        if (label) label.textContent = t('copied');
        after(2_500, () => {
          if (label) label.textContent = text;
        });
      },
      () => field.select(),
    );
  });
}

bindReady();
bindInvite();
runChecks(data.socket, t);
void fetchState();
poll(POLL_MS);
