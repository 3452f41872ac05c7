/** The move of using an item on a target: by dropping it there, or by selecting it and pressing the target. */
import { ARBORS, type Item, type Move } from '../rules/state.ts';

/** Drop targets, as in `data-drop` attributes. */
export type Target = 'bird' | 'hatch' | 'run' | 'bag' | 'arbor0' | 'arbor1' | 'arbor2';

export function teethOf(item: Item): number | null {
  return item.startsWith('wheel') ? Number(item.slice('wheel'.length)) : null;
}

/** Returns null if the item cannot be used on the target. */
export function itemMove(item: Item, target: Target): Move | null {
  const teeth = teethOf(item);
  if (teeth !== null) {
    if (target === 'bag') return { type: 'place', teeth, arbor: -1 };
    const arbor = target.startsWith('arbor') ? Number(target.slice('arbor'.length)) : ARBORS;
    return arbor < ARBORS ? { type: 'place', teeth, arbor } : null;
  }
  if (item === 'key' && target === 'bird') return { type: 'use', item, on: target };
  if (item === 'crank' && target === 'hatch') return { type: 'use', item, on: target };
  if (item === 'nut' && target === 'run') return { type: 'use', item, on: target };
  return null;
}
