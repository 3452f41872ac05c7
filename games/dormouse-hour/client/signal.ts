/**
 * The game's part of a player's signal: the current view and a dragged item. It is encoded as a list of
 * numbers, since it shares the signal's 64 bytes with the platform's cursor.
 */
import { ITEMS, type Item } from '../rules/state.ts';
import { type View, VIEWS } from './view-model.ts';

export interface PlayerSignal {
  readonly view: View;
  /** Only while dragging: the item's position in picture units, relative to the anchor with index `anchor`. */
  readonly x?: number;
  readonly y?: number;
  readonly item?: Item;
  readonly anchor?: number;
}

/** [view] or [view, x, y, item, anchor], with views and items as indexes of their lists. */
export function encodeSignal({ view, x = 0, y = 0, item, anchor = 0 }: PlayerSignal): readonly number[] {
  const viewIndex = VIEWS.indexOf(view);
  return item === undefined ? [viewIndex] : [viewIndex, x, y, ITEMS.indexOf(item), anchor];
}

/** Returns null for a malformed signal: signals come from other players' pages. */
export function decodeSignal(value: unknown): PlayerSignal | null {
  if (!Array.isArray(value) || !value.every(Number.isFinite)) return null;
  const [viewIndex, x, y, itemIndex, anchor] = value as number[];
  const view = VIEWS[viewIndex ?? -1];
  if (!view) return null;
  const item = ITEMS[itemIndex ?? -1];
  if (x === undefined || y === undefined || anchor === undefined || !item) return { view };
  return { view, x, y, item, anchor };
}
