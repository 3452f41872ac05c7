/**
 * The page of the preview: each pane is a seat with its own host; a room in memory orders the moves. Query
 * parameters: ?panes=2&seed=1&locale=de, &moves=12 (moves that bots make before the start), &lag=80
 * (milliseconds until a move is confirmed) and &calm (reduced motion).
 */
import { botMove } from '../bot.ts';
import client from '../client/main.tsx';
import type { Host } from '../client/view-model.ts';
import de from '../locales/de.json';
import en from '../locales/en.json';
import rules from '../rules.ts';
import type { Move, State } from '../rules/state.ts';

const params = new URLSearchParams(location.search);
const number = (name: string, fallback: number): number => Number(params.get(name) ?? fallback);
const locale = params.get('locale') ?? 'en';
const texts: { readonly [key: string]: string } = locale === 'de' ? de : en;
const lag = number('lag', 40);
const NAMES = ['Ada', 'Bruno', 'Cleo', 'Dario'];
const COLOURS = ['#7fd0c0', '#f2a65a', '#c99cf0', '#f08a9b'];
const panes = Math.min(4, Math.max(1, number('panes', 1)));
const seats = Array.from({ length: panes }, (_, index) => index + 1);

let state: State = rules.init({ seed: number('seed', 1), options: {} });
const context = (seat: number) => ({ seq: 1, ms: 0, seat, random: () => 0 });
for (let index = 0; index < number('moves', 0); index++) {
  const seat = seats[index % panes] ?? 1;
  const move = botMove(state, seat);
  if (move) state = rules.apply(state, move, context(seat));
}

const changed = new Set<() => void>();
const signalled = new Set<() => void>();
const signals = new Map<number, unknown>();
const notify = (listeners: Set<() => void>): void => listeners.forEach((listener) => listener());
const pending = new Map<number, Move[]>(seats.map((seat) => [seat, []]));

function send(seat: number, move: Move): void {
  pending.get(seat)?.push(move);
  notify(changed);
  setTimeout(() => {
    pending.get(seat)?.shift();
    state = rules.apply(state, move, context(seat));
    notify(changed);
  }, lag);
}

function show(pane: HTMLElement, kind: string, text: string): void {
  const line = pane.querySelector(`.${kind}`);
  if (line) line.textContent = text;
}

function makeHost(seat: number, pane: HTMLElement, root: HTMLElement): Host {
  return {
    api: 1,
    root,
    locale,
    t: (key, values = {}) =>
      (texts[key] ?? `[${key}]`).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? name)),
    asset: (path) => `/assets/${path}`,
    seat,
    observer: false,
    state: () => state,
    pending: () => pending.get(seat) ?? [],
    send: (move) => send(seat, move),
    signal(value) {
      if (JSON.stringify(value).length > 64) throw new Error(`signal too long: ${JSON.stringify(value)}`);
      if (value === null) signals.delete(seat);
      else signals.set(seat, value);
      notify(signalled);
    },
    signals: () => new Map([...signals].filter(([other]) => other !== seat)),
    players: () =>
      seats.map((other) => ({
        seat: other,
        name: NAMES[other - 1] ?? '',
        colour: COLOURS[other - 1] ?? '#fff',
        online: true,
      })),
    status: () => 'live',
    settings: () => ({
      soundVolume: 0.8,
      musicVolume: 0.6,
      captions: true,
      reducedMotion: params.has('calm'),
    }),
    roomMs: () => 0,
    announce: (text) => show(pane, 'announced', text),
    caption: (text) => show(pane, 'caption', text),
    onChange(listener) {
      changed.add(listener);
      return () => changed.delete(listener);
    },
    onSignals(listener) {
      signalled.add(listener);
      return () => signalled.delete(listener);
    },
  };
}

for (const seat of seats) {
  const pane = document.createElement('div');
  pane.className = 'pane';
  pane.innerHTML =
    '<div class="bar"><b></b><span class="announced"></span></div><div class="root"></div><div class="caption"></div>';
  show(pane, 'bar b', '');
  document.body.append(pane);
  const root = pane.querySelector<HTMLElement>('.root');
  if (root) client.mount(makeHost(seat, pane, root));
}

Object.assign(globalThis, {
  preview: {
    state: () => state,
    send,
    bot: (seat: number) => botMove(state, seat),
    hints: (puzzle: string) => rules.hints(state, puzzle),
  },
});
