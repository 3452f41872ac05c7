/** @jsxImportSource preact */
/** An SVG that fills its container, provides its unit's size, and shows the items that mates drag over it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useGame } from '../game.ts';
import type { View } from '../view-model.ts';
import { Dragged } from './mates.tsx';
import { type Anchors, UnitContext } from './unit.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/**
 * The part of a picture that a container of `width` × `height` shows: `safe`, extended in one direction to the
 * container's aspect ratio.
 */
export function visibleBox(safe: Box, width: number, height: number): Box {
  const ratio = width / Math.max(1, height);
  const w = ratio > safe.w / safe.h ? safe.h * ratio : safe.w;
  const h = w / ratio;
  return { x: safe.x + (safe.w - w) / 2, y: safe.y + (safe.h - h) / 2, w, h };
}

/** The current size of an element in CSS pixels; 0 × 0 until it is measured. */
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
  /** In scenes: positions of things. Drags are sent relative to them, since compositions differ. */
  readonly anchors?: Anchors;
  /** The name by which the platform positions cursors on this picture. */
  readonly stage?: string;
  /** Continuous animation, in a second SVG, so that the browser does not repaint the picture. */
  readonly animation?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Minimum time between two signals of a drag. The server forwards ten signals a second. */
const SIGNAL_INTERVAL_MS = 80;

export function Picture(props: PictureProperties) {
  const { view, safe, label, width, height, anchors = NO_ANCHORS, stage, animation, children } = props;
  const game = useGame();
  const lastSignalMs = useRef(0);
  const box = visibleBox(safe, width, height);
  const unit = box.w / Math.max(1, width);
  const item = game.drag?.item;
  useEffect(() => {
    if (item === undefined) game.signal({ view });
  }, [item, view]);
  const signalDrag = (event: PointerEvent): void => {
    if (item === undefined || event.timeStamp - lastSignalMs.current < SIGNAL_INTERVAL_MS) return;
    lastSignalMs.current = event.timeStamp;
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    const x = box.x + (event.clientX - left) * unit;
    const y = box.y + (event.clientY - top) * unit;
    const anchor = nearest(anchors, x, y);
    const origin = Object.values(anchors)[anchor] ?? ORIGIN;
    game.signal({ view, x: Math.round(x - origin.x), y: Math.round(y - origin.y), item, anchor });
  };
  const viewBox = `${box.x} ${box.y} ${box.w} ${box.h}`;
  return (
    <>
      <svg
        class="dh-picture"
        viewBox={viewBox}
        role="group"
        aria-label={label}
        onPointerMove={signalDrag}
        {...(stage === undefined ? {} : { 'data-stage': stage })}
      >
        <UnitContext.Provider value={unit}>{children}</UnitContext.Provider>
      </svg>
      <svg class="dh-picture dh-movers" viewBox={viewBox} aria-hidden="true">
        {animation}
        <UnitContext.Provider value={unit}>
          <Dragged view={view} anchors={anchors} />
        </UnitContext.Provider>
      </svg>
    </>
  );
}

const ORIGIN = { x: 0, y: 0 } as const;
const NO_ANCHORS: Anchors = { board: ORIGIN };

/** The index of the nearest anchor. */
function nearest(anchors: Anchors, x: number, y: number): number {
  let best = 0;
  let distance = Infinity;
  Object.values(anchors).forEach((anchor, index) => {
    const squared = (anchor.x - x) ** 2 + (anchor.y - y) ** 2;
    if (squared < distance) [best, distance] = [index, squared];
  });
  return best;
}
