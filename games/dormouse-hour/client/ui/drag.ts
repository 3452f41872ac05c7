/** Dragging with mouse, pen or finger. A press that hardly moves is left to be a click. */
import { useRef, useState } from 'preact/hooks';
import type { Item } from '../../rules/state.ts';
import type { Drag } from '../game.ts';

/** CSS pixels a pointer may tremble before it drags. */
const TREMBLE = 7;

export function useDrag(drop: (item: Item, target: string) => void) {
  const [drag, setDrag] = useState<Drag | null>(null);
  // The listeners below outlive the drawing in which they were made.
  const latest = useRef(drop);
  latest.current = drop;

  const startDrag = (item: Item, event: PointerEvent): void => {
    if (event.button !== 0) return;
    const view = window;
    const [startX, startY, pointer] = [event.clientX, event.clientY, event.pointerId];
    let moved = false;
    const move = (now: PointerEvent): void => {
      if (now.pointerId !== pointer) return;
      moved ||= Math.hypot(now.clientX - startX, now.clientY - startY) > TREMBLE;
      if (moved) setDrag({ item, x: now.clientX, y: now.clientY });
    };
    const end = (now: PointerEvent): void => {
      if (now.pointerId !== pointer) return;
      view.removeEventListener('pointermove', move);
      view.removeEventListener('pointerup', end);
      view.removeEventListener('pointercancel', end);
      setDrag(null);
      if (now.type === 'pointercancel' || !moved) return;
      swallowClick();
      const under = document.elementFromPoint(now.clientX, now.clientY);
      const target = under?.closest('[data-drop]')?.getAttribute('data-drop');
      if (target) latest.current(item, target);
    };
    view.addEventListener('pointermove', move);
    view.addEventListener('pointerup', end);
    view.addEventListener('pointercancel', end);
    // A finger's pointer stays with the element it touched first: let it go, so that others feel it.
    const touched = event.target as Element;
    if (touched.hasPointerCapture(pointer)) touched.releasePointerCapture(pointer);
  };
  return { drag, startDrag };
}

/** The end of a drag is not a click on what lies there. */
function swallowClick(): void {
  const swallow = (event: Event): void => event.stopPropagation();
  window.addEventListener('click', swallow, { capture: true });
  requestAnimationFrame(() => window.removeEventListener('click', swallow, { capture: true }));
}
