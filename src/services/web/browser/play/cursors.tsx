/** @jsxImportSource preact */
/**
 * Shows the teammates' cursors over the stage and sends the player's own. Positions are shares of the element with
 * `data-stage`, which has the same proportions on every screen.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { colourByCss } from '../../../../domain/seat.ts';
import { after } from '../lib/page.real.ts';
import { useModel, usePlayer } from './parts.tsx';
import { type Cursor, cursorOf } from './signal.ts';

/** How long a touch stays visible to the others after the finger is lifted. */
const TOUCH_MS = 2_000;

interface CursorPosition {
  readonly seat: number;
  readonly left: number;
  readonly top: number;
}

export function Cursors({ root }: { readonly root: HTMLElement | null }) {
  const { session } = useModel();
  const player = usePlayer();
  const layer = useRef<HTMLDivElement>(null);
  const [positions, setPositions] = useState<readonly CursorPosition[]>([]);
  useEffect(() => {
    if (!root) return;
    const update = () =>
      setPositions(layer.current ? positionAll(session.signals(), root, layer.current) : []);
    const stop = session.onSignals(update);
    const observer = new ResizeObserver(update);
    observer.observe(root);
    return () => {
      stop();
      observer.disconnect();
    };
  }, [root]);
  useOwnCursor(root);
  return (
    <div class="cursors" ref={layer} aria-hidden="true">
      {positions.map(({ seat, left, top }) => {
        const { name, colour } = player(seat);
        return (
          <div
            key={seat}
            class={`cursor mark-${colourByCss(colour).id}`}
            style={{ transform: `translate(${left}px, ${top}px)` }}
          >
            <svg viewBox="0 0 24 24">
              <path d="M3 2l17 9.5-7.5 1.800L8.800 21Z" />
            </svg>
            <span>{name}</span>
          </div>
        );
      })}
    </div>
  );
}

function useOwnCursor(root: HTMLElement | null): void {
  const model = useModel();
  useEffect(() => {
    if (!root || model.session.observer()) return;
    let cancelHide = () => {};
    const options = { signal: new AbortController().signal, passive: true } as const;
    const listeners = new AbortController();
    const listen = (
      type: 'pointermove' | 'pointerdown' | 'pointerup' | 'pointerleave',
      run: (event: PointerEvent) => void,
    ) => root.addEventListener(type, run, { ...options, signal: listeners.signal });
    const show = (event: PointerEvent) => {
      cancelHide();
      model.setCursor(cursorAt(event, root));
    };
    listen('pointermove', show);
    listen('pointerdown', show);
    listen('pointerup', ({ pointerType }) => {
      if (pointerType !== 'mouse') cancelHide = after(TOUCH_MS, () => model.setCursor(null));
    });
    listen('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse') model.setCursor(null);
    });
    return () => {
      cancelHide();
      listeners.abort();
    };
  }, [root]);
}

function cursorAt(event: PointerEvent, root: HTMLElement): Cursor {
  const under = event.target instanceof Element ? event.target.closest('[data-stage]') : null;
  const stage = under && root.contains(under) ? under : root;
  const box = stage.getBoundingClientRect();
  return {
    x: (event.clientX - box.left) / Math.max(1, box.width),
    y: (event.clientY - box.top) / Math.max(1, box.height),
    stage: stage.getAttribute('data-stage') ?? '',
  };
}

/** The cursors whose stage is rendered in this page. */
function positionAll(
  signals: ReadonlyMap<number, unknown>,
  root: HTMLElement,
  layer: HTMLElement,
): CursorPosition[] {
  const origin = layer.getBoundingClientRect();
  const positions: CursorPosition[] = [];
  for (const [seat, signal] of signals) {
    const cursor = cursorOf(signal);
    if (!cursor) continue;
    const stage =
      cursor.stage === '' ? root : root.querySelector(`[data-stage="${CSS.escape(cursor.stage)}"]`);
    if (!stage) continue;
    const box = stage.getBoundingClientRect();
    positions.push({
      seat,
      left: box.left - origin.left + cursor.x * box.width,
      top: box.top - origin.top + cursor.y * box.height,
    });
  }
  return positions;
}
