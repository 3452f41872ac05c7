/** @jsxImportSource preact */
/**
 * The mates' cursors over the stage, and sending one's own. Positions are shares of the element
 * that carries `data-stage`, which keeps its proportions on every screen.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { colourByCss } from '../../../../domain/seat.ts';
import { after } from '../lib/page.real.ts';
import { useModel, usePlayer } from './parts.tsx';
import { type Cursor, cursorOf } from './signal.ts';

/** How long a touch stays visible to the others after the finger is gone. */
const TOUCH_MS = 2_000;

interface Placed {
  readonly seat: number;
  readonly left: number;
  readonly top: number;
}

export function Cursors({ root }: { readonly root: HTMLElement | null }) {
  const { session } = useModel();
  const player = usePlayer();
  const layer = useRef<HTMLDivElement>(null);
  const [placed, setPlaced] = useState<readonly Placed[]>([]);
  useEffect(() => {
    if (!root) return;
    const place = () => setPlaced(layer.current ? placeAll(session.signals(), root, layer.current) : []);
    const stop = session.onSignals(place);
    const watch = new ResizeObserver(place);
    watch.observe(root);
    return () => {
      stop();
      watch.disconnect();
    };
  }, [root]);
  useOwnCursor(root);
  return (
    <div class="cursors" ref={layer} aria-hidden="true">
      {placed.map(({ seat, left, top }) => {
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
    let forget = () => {};
    const options = { signal: new AbortController().signal, passive: true } as const;
    const stop = new AbortController();
    const listen = (
      type: 'pointermove' | 'pointerdown' | 'pointerup' | 'pointerleave',
      run: (event: PointerEvent) => void,
    ) => root.addEventListener(type, run, { ...options, signal: stop.signal });
    const show = (event: PointerEvent) => {
      forget();
      model.setCursor(cursorAt(event, root));
    };
    listen('pointermove', show);
    listen('pointerdown', show);
    listen('pointerup', ({ pointerType }) => {
      if (pointerType !== 'mouse') forget = after(TOUCH_MS, () => model.setCursor(null));
    });
    listen('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse') model.setCursor(null);
    });
    return () => {
      forget();
      stop.abort();
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

/** Those who are over something that is to be seen here, too. */
function placeAll(signals: ReadonlyMap<number, unknown>, root: HTMLElement, layer: HTMLElement): Placed[] {
  const origin = layer.getBoundingClientRect();
  const placed: Placed[] = [];
  for (const [seat, signal] of signals) {
    const cursor = cursorOf(signal);
    if (!cursor) continue;
    const stage =
      cursor.stage === '' ? root : root.querySelector(`[data-stage="${CSS.escape(cursor.stage)}"]`);
    if (!stage) continue;
    const box = stage.getBoundingClientRect();
    placed.push({
      seat,
      left: box.left - origin.left + cursor.x * box.width,
      top: box.top - origin.top + cursor.y * box.height,
    });
  }
  return placed;
}
