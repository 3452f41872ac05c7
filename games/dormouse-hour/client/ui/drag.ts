/** Dragging with mouse, pen or finger. A press that moves less than the threshold remains a click. */
import { useRef, useState } from 'preact/hooks';
import type { Item } from '../../rules/state.ts';
import type { Drag } from '../view-model.ts';

/** Movement from the start in CSS pixels above which a press becomes a drag. */
const DRAG_THRESHOLD_PX = 7;

export function useDrag(drop: (item: Item, target: string) => void) {
  const [drag, setDrag] = useState<Drag | null>(null);
  // The listeners below outlive the render that adds them, so they read the callback of the latest render.
  const latest = useRef(drop);
  latest.current = drop;

  const startDrag = (item: Item, event: PointerEvent): void => {
    if (event.button !== 0) return;
    const [startX, startY, pointer] = [event.clientX, event.clientY, event.pointerId];
    let moved = false;
    const onMove = (now: PointerEvent): void => {
      if (now.pointerId !== pointer) return;
      moved ||= Math.hypot(now.clientX - startX, now.clientY - startY) > DRAG_THRESHOLD_PX;
      if (moved) setDrag({ item, x: now.clientX, y: now.clientY });
    };
    const onEnd = (now: PointerEvent): void => {
      if (now.pointerId !== pointer) return;
      window.removeEventListener('pointermove', onMove);
      window.removeEventListener('pointerup', onEnd);
      window.removeEventListener('pointercancel', onEnd);
      setDrag(null);
      if (now.type === 'pointercancel' || !moved) return;
      suppressNextClick();
      const under = document.elementFromPoint(now.clientX, now.clientY);
      const target = under?.closest('[data-drop]')?.getAttribute('data-drop');
      if (target) latest.current(item, target);
    };
    window.addEventListener('pointermove', onMove);
    window.addEventListener('pointerup', onEnd);
    window.addEventListener('pointercancel', onEnd);
    // The browser captures a touch pointer for its first element: without release, others get no events.
    const element = event.target as Element;
    if (element.hasPointerCapture(pointer)) element.releasePointerCapture(pointer);
  };
  return { drag, startDrag };
}

/** Stops the click event that the browser fires at the end of a drag. */
function suppressNextClick(): void {
  const stop = (event: Event): void => event.stopPropagation();
  window.addEventListener('click', stop, { capture: true });
  requestAnimationFrame(() => window.removeEventListener('click', stop, { capture: true }));
}
