/** The API (level 1) that the shell provides to a game. */
import type { GameHost } from '@escapement/sdk';
import type { Model } from './model.ts';
import { settingsOf } from './settings.ts';
import { gameValueOf } from './signal.ts';

export function gameHost(model: Model, root: HTMLElement): GameHost<unknown, unknown> {
  const { session, data, messages } = model;
  return {
    api: 1,
    root,
    locale: data.locale,
    t: model.gameText,
    asset(path) {
      const address = data.assets[path];
      if (address === undefined) throw new Error(`the game has no asset ${path}`);
      return address;
    },
    get seat() {
      return session.seat();
    },
    get observer() {
      return session.observer();
    },
    state: () => session.state(),
    pending: () => session.pending(),
    send: (move) => session.send(move),
    signal: (value) => model.setGameSignal(value),
    signals: () => gameSignals(session.signals()),
    players: () => session.players(),
    status: () => session.status(),
    settings: () => settingsOf(model.switches()),
    roomMs: () => session.roomMs(),
    announce: (text) => messages.showToast('word', text),
    caption: (text) => messages.setCaption(text),
    onChange: (listener) => model.onChange(listener),
    onSignals: (listener) => session.onSignals(listener),
  };
}

function gameSignals(all: ReadonlyMap<number, unknown>): ReadonlyMap<number, unknown> {
  const values = new Map<number, unknown>();
  for (const [seat, signal] of all) {
    const value = gameValueOf(signal);
    if (value !== undefined) values.set(seat, value);
  }
  return values;
}
