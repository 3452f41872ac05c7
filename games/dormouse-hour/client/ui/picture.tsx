/** @jsxImportSource preact */
/** An SVG that fills its box, knows how large a unit is, and shows what mates drag over it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useGame, type View } from '../game.ts';
import { Dragged } from './mates.tsx';
import { type Anchors, UnitContext } from './unit.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The part of a picture that is shown: at least `safe`, more where the box has another shape. */
export function windowOn(safe: Box, width: number, height: number): Box {
  const shape = width / Math.max(1, height);
  const w = shape > safe.w / safe.h ? safe.h * shape : safe.w;
  const h = w / shape;
  return { x: safe.x + (safe.w - w) / 2, y: safe.y + (safe.h - h) / 2, w, h };
}

/** The size of an element in CSS pixels, kept up to date; 0 × 0 until it is known. */
export function useSize<E extends Element>() {
  const ref = useRef<E>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = (): void => {
      const { width, height } = element.getBoundingClientRect();
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, ...size };
}

interface PictureProperties {
  readonly view: View;
  readonly safe: Box;
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** In scenes: where things stand, so that a drag means the thing and not the place on the screen. */
  readonly anchors?: Anchors;
  /** The name under which the platform places cursors on it. */
  readonly stage?: string;
  /** What moves all the time, over the rest: in a layer of its own, so that the rest is not painted anew. */
  readonly movers?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Between two signals of a drag, in milliseconds: the server passes on ten a second. */
const SIGNAL_EVERY = 80;

export function Picture(props: PictureProperties) {
  const { view, safe, label, width, height, anchors = NOWHERE, stage, movers, children } = props;
  const game = useGame();
  const last = useRef(0);
  const box = windowOn(safe, width, height);
  const unit = box.w / Math.max(1, width);
  const item = game.drag?.item;
  useEffect(() => {
    if (item === undefined) game.signal({ view });
  }, [item, view]);
  const follow = (event: PointerEvent): void => {
    if (item === undefined || event.timeStamp - last.current < SIGNAL_EVERY) return;
    last.current = event.timeStamp;
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    const x = box.x + (event.clientX - left) * unit;
    const y = box.y + (event.clientY - top) * unit;
    const spot = nearest(anchors, x, y);
    const anchor = Object.values(anchors)[spot] ?? ORIGIN;
    game.signal({ view, x: Math.round(x - anchor.x), y: Math.round(y - anchor.y), item, spot });
  };
  const shown = `${box.x} ${box.y} ${box.w} ${box.h}`;
  return (
    <>
      <svg
        class="dh-picture"
        viewBox={shown}
        role="group"
        aria-label={label}
        onPointerMove={follow}
        {...(stage === undefined ? {} : { 'data-stage': stage })}
      >
        <UnitContext.Provider value={unit}>{children}</UnitContext.Provider>
      </svg>
      <svg class="dh-picture dh-movers" viewBox={shown} aria-hidden="true">
        {movers}
        <UnitContext.Provider value={unit}>
          <Dragged view={view} anchors={anchors} />
        </UnitContext.Provider>
      </svg>
    </>
  );
}

const ORIGIN = { x: 0, y: 0 } as const;
const NOWHERE: Anchors = { board: ORIGIN };

/** The number of the nearest anchor. */
function nearest(anchors: Anchors, x: number, y: number): number {
  let best = 0;
  let distance = Infinity;
  Object.values(anchors).forEach((anchor, spot) => {
    const here = (anchor.x - x) ** 2 + (anchor.y - y) ** 2;
    if (here < distance) [best, distance] = [spot, here];
  });
  return best;
}
