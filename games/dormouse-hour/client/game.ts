/** The game as the views see it: state, selection and actions, passed down by one Preact context. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { apply } from '../rules/apply.ts';
import type { Item, Move, State } from '../rules/state.ts';
import type { PlayerSignal } from './signal.ts';
import type { Sounds } from './sounds.ts';
import type { Closeup, Drag, Host, Place } from './view-model.ts';

export interface Game {
  readonly host: Host;
  /** The shared state with this player's pending moves applied. */
  readonly state: State;
  /** This player's moves that are not confirmed yet. */
  readonly pending: readonly Move[];
  readonly sounds: Sounds;
  readonly place: Place;
  readonly closeup: Closeup | null;
  /** The item of the bag that the next press uses. */
  readonly selected: Item | null;
  readonly drag: Drag | null;
  t(key: string, values?: { readonly [name: string]: string | number }): string;
  send(move: Move): void;
  go(place: Place): void;
  /** null closes the close-up. */
  open(closeup: Closeup | null): void;
  select(item: Item | null): void;
  /** Starts to drag; call it on `pointerdown` on the item. */
  startDrag(item: Item, event: PointerEvent): void;
  /** Sends the move of using an item on a drop target; returns false if there is no such move. */
  use(item: Item, target: string): boolean;
  /** Sends the other players this player's view and dragged item. */
  signal(signal: PlayerSignal): void;
}

export const GameContext = createContext<Game | null>(null);

export function useGame(): Game {
  const game = useContext(GameContext);
  if (!game) throw new Error('used outside of the game');
  return game;
}

/** The confirmed state with this player's pending moves applied, so that a press is visible at once. */
export function shownState(host: Host): State {
  return host.pending().reduce((state, move) => apply(state, move, host.seat), host.state());
}

export function mateName(host: Host, seat: number): string {
  return host.players().find((player) => player.seat === seat)?.name ?? '';
}

export function faceName(game: Game, face: number): string {
  return game.t(`face.${face}`);
}
