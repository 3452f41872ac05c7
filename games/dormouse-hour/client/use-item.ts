/** What comes of letting an item go on something, or of choosing it and pressing that thing. */
import { ARBORS, type Item, type Move } from '../rules/state.ts';

/** Names of things that items can be let go on. */
export type Target = 'bird' | 'hatch' | 'run' | 'bag' | 'arbor0' | 'arbor1' | 'arbor2';

export function teethOf(item: Item): number | null {
  return item.startsWith('wheel') ? Number(item.slice('wheel'.length)) : null;
}

/** null: these two have nothing to do with each other. */
export function targetMove(item: Item, target: Target): Move | null {
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
