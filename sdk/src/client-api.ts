/**
 * API level 1: the interface between a game's views and the platform's play page. The `client` module of
 * a release exports a `GameClient` as `default`. Every level stays supported and never changes; additions
 * get a new level.
 */
import type { GameRules } from './rules.ts';

export interface PlayerInfo {
  readonly seat: number;
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
  readonly online: boolean;
}

export interface Settings {
  /** 0 … 1 */
  readonly soundVolume: number;
  readonly musicVolume: number;
  readonly captions: boolean;
  readonly reducedMotion: boolean;
}

/** `replaying`: the page receives the log; `hold`: the server cannot store now, moves wait in the page. */
export type PlayStatus = 'connecting' | 'replaying' | 'live' | 'offline' | 'hold' | 'stopped';

export interface GameHost<State, Move> {
  readonly api: 1;
  /** The element the game draws in; it fills the area between the platform's bars. */
  readonly root: HTMLElement;
  readonly locale: string;
  /** Formats a text of the game's locales (ICU message format). */
  t(key: string, values?: { readonly [name: string]: string | number }): string;
  /** The URL of a file in `assets/`, given its path there (`sounds/click.ogg`). */
  asset(path: string): string;
  /** 0 for observers. */
  readonly seat: number;
  readonly observer: boolean;
  /** The shared state after the last record applied. */
  state(): State;
  /** This player's moves that the server has not echoed yet, oldest first: show them as not confirmed. */
  pending(): readonly Move[];
  send(move: Move): void;
  /** Sets this player's signal, which only the others see: a cursor, a drag in progress. JSON ≤ 64 bytes; null removes it. */
  signal(value: unknown): void;
  /** The last signals of the other seats. */
  signals(): ReadonlyMap<number, unknown>;
  players(): readonly PlayerInfo[];
  status(): PlayStatus;
  settings(): Settings;
  /** Milliseconds since the room began, estimated. */
  roomMs(): number;
  /** Shows a short message to this player for some seconds; screen readers read it. */
  announce(text: string): void;
  /** Shows a caption for a sound if captions are on. */
  caption(text: string): void;
  /** Calls the listener after changes of any of the above except signals, at most once per animation frame. Returns a function that removes it. */
  onChange(listener: () => void): () => void;
  /** Calls the listener for every signal frame: signals change often, so they do not trigger onChange. */
  onSignals(listener: () => void): () => void;
}

export interface GameClient<State, Move> {
  readonly api: 1;
  readonly rules: GameRules<State, Move>;
  /** Draws the game; returns a function that removes it. */
  mount(host: GameHost<State, Move>): () => void;
}

export function defineClient<State, Move>(client: GameClient<State, Move>): GameClient<State, Move> {
  return client;
}
