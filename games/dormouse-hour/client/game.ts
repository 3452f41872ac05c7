/** What every part of the views reaches through one context. */
import type { GameHost } from '@escapement/sdk';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { apply } from '../rules/apply.ts';
import type { Item, Move, State } from '../rules/state.ts';
import type { Pointing } from './signal.ts';
import type { Sounds } from './sounds.ts';

export type Host = GameHost<State, Move>;

export const PLACES = ['loft', 'chamber'] as const;
export type Place = (typeof PLACES)[number];
export const CLOSEUPS = ['note', 'portraits', 'drawer', 'bird', 'train', 'posts', 'run'] as const;
export type Closeup = (typeof CLOSEUPS)[number];
export const VIEWS = [...PLACES, ...CLOSEUPS] as const;
export type View = Place | Closeup;

/** A thing under the pointer: an item out of the bag, or a wheel off its arbor. */
export interface Drag {
  readonly item: Item;
  readonly x: number;
  readonly y: number;
}

export interface Game {
  readonly host: Host;
  /** The shared state with the own moves on their way already in it. */
  readonly state: State;
  /** Own moves not yet confirmed. */
  readonly pending: readonly Move[];
  readonly sounds: Sounds;
  readonly place: Place;
  readonly closeup: Closeup | null;
  /** The item chosen to be used next. */
  readonly held: Item | null;
  readonly drag: Drag | null;
  t(key: string, values?: { readonly [name: string]: string | number }): string;
  send(move: Move): void;
  go(place: Place): void;
  open(closeup: Closeup | null): void;
  hold(item: Item | null): void;
  /** Begins to drag, from a pointerdown on the item. */
  startDrag(item: Item, event: PointerEvent): void;
  /** Uses an item on a drop target; false if nothing comes of it. */
  use(item: Item, target: string): boolean;
  /** Tells the mates where this player is and what is dragged. */
  signal(pointing: Pointing): void;
}

export const GameContext = createContext<Game | null>(null);

export function useGame(): Game {
  const game = useContext(GameContext);
  if (!game) throw new Error('used outside of the game');
  return game;
}

/** The state as this player may see it at once: confirmed moves, then the own ones on their way. */
export function shownState(host: Host): State {
  return host.pending().reduce((state, move) => apply(state, move, host.seat), host.state());
}

export function mateName(host: Host, seat: number): string {
  return host.players().find((player) => player.seat === seat)?.name ?? '';
}

export function faceName(game: Game, face: number): string {
  return game.t(`face.${face}`);
}
