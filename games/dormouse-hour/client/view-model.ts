/** The types that the views share: host, places, close-ups, drag. It imports no file of the client. */
import type { GameHost } from '@escapement/sdk';
import type { Item, Move, State } from '../rules/state.ts';

export type Host = GameHost<State, Move>;

export const PLACES = ['loft', 'chamber'] as const;
export type Place = (typeof PLACES)[number];
export const CLOSEUPS = ['note', 'portraits', 'drawer', 'bird', 'train', 'posts', 'run'] as const;
export type Closeup = (typeof CLOSEUPS)[number];
/** Signals contain indexes of this list. */
export const VIEWS = [...PLACES, ...CLOSEUPS] as const;
export type View = Place | Closeup;

/** A dragged item, from the bag or from an arbor, and the pointer's position in CSS pixels of the window. */
export interface Drag {
  readonly item: Item;
  readonly x: number;
  readonly y: number;
}
