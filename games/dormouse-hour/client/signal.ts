/**
 * What a player's signal says beside the cursor, which is the platform's: the view, and what is
 * dragged where. Packed as a list of numbers, since cursor and this share 64 bytes.
 */
import { ITEMS, type Item } from '../rules/state.ts';
import { VIEWS, type View } from './game.ts';

export interface Pointing {
  readonly view: View;
  /** Only while dragging: the place, counted from the anchor with that number. */
  readonly x?: number;
  readonly y?: number;
  readonly item?: Item;
  readonly spot?: number;
}

export function packPointing({ view, x = 0, y = 0, item, spot = 0 }: Pointing): readonly number[] {
  const place = VIEWS.indexOf(view);
  return item === undefined ? [place] : [place, x, y, ITEMS.indexOf(item), spot];
}

/** Signals come from other pages: what is not well formed says nothing. */
export function readPointing(value: unknown): Pointing | null {
  if (!Array.isArray(value) || !value.every(Number.isFinite)) return null;
  const [place, x, y, index, spot] = value as number[];
  const view = VIEWS[place ?? -1];
  if (!view) return null;
  const item = ITEMS[index ?? -1];
  if (x === undefined || y === undefined || spot === undefined || !item) return { view };
  return { view, x, y, item, spot };
}
