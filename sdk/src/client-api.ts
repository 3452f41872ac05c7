/**
 * API level 1: what a game's views get from the platform's play page and what they give it. A
 * release's `client` module exports `default` a `GameClient`. Levels are kept for ever; what a
 * level has is never changed, only added to by a new level.
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

/** `replaying`: the page catches up; `hold`: the server cannot store now; moves wait and are kept. */
export type PlayStatus = 'connecting' | 'replaying' | 'live' | 'offline' | 'hold' | 'stopped';

export interface GameHost<State, Move> {
  readonly api: 1;
  /** The element the game draws in: fills the stage between the platform's bars. */
  readonly root: HTMLElement;
  readonly locale: string;
  /** A text of the game's locales, ICU message format. */
  t(key: string, values?: { readonly [name: string]: string | number }): string;
  /** The address of a file of `assets/` by its path there (`sounds/click.ogg`). */
  asset(path: string): string;
  /** 0 for observers. */
  readonly seat: number;
  readonly observer: boolean;
  /** The state all players share, as of the last record applied. */
  state(): State;
  /** Own moves that the server has not echoed yet, oldest first: show them as on their way. */
  pending(): readonly Move[];
  send(move: Move): void;
  /** Own signal, seen by the others only: a cursor, a drag under way; null takes it away. JSON ≤ 64 bytes. */
  signal(value: unknown): void;
  /** The others' last signals by seat. */
  signals(): ReadonlyMap<number, unknown>;
  players(): readonly PlayerInfo[];
  status(): PlayStatus;
  settings(): Settings;
  /** Milliseconds since the room began, estimated. */
  roomMs(): number;
  /** Shows a short message to this player for some seconds and reads it to screen readers. */
  announce(text: string): void;
  /** A caption for a sound, shown if captions are on. */
  caption(text: string): void;
  /** Called after anything of the above changed, at most once per animation frame. */
  onChange(listener: () => void): () => void;
  /** Called for every signal frame; signals change often, so they do not trigger onChange. */
  onSignals(listener: () => void): () => void;
}

export interface GameClient<State, Move> {
  readonly api: 1;
  readonly rules: GameRules<State, Move>;
  /** Draws the game; the answer takes it down. */
  mount(host: GameHost<State, Move>): () => void;
}

export function defineClient<State, Move>(client: GameClient<State, Move>): GameClient<State, Move> {
  return client;
}
