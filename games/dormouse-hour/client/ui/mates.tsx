/** @jsxImportSource preact */
/** The other players ("mates"): the views they are on and the items they drag, from their signals. */
import { useEffect, useReducer } from 'preact/hooks';
import { ItemArt } from '../art/items.tsx';
import { useGame } from '../game.ts';
import { decodeSignal, type PlayerSignal } from '../signal.ts';
import type { View } from '../view-model.ts';
import { type Anchors, useUnit } from './unit.ts';

export interface Mate extends PlayerSignal {
  readonly seat: number;
  readonly name: string;
  readonly colour: string;
}

/** The online players with a valid signal. The component renders again at each signal. */
export function useMates(): readonly Mate[] {
  const { host } = useGame();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => host.onSignals(() => redraw(undefined)), [host]);
  const mates: Mate[] = [];
  for (const { seat, name, colour, online } of host.players()) {
    const signal = seat !== host.seat && online ? decodeSignal(host.signals().get(seat)) : null;
    if (signal) mates.push({ ...signal, seat, name, colour });
  }
  return mates;
}

/** Width and height of a dragged item in CSS pixels. */
const DRAGGED_SIZE_PX = 84;

/** The items that mates drag over this picture. */
export function Dragged({ view, anchors }: { view: View; anchors: Anchors }) {
  const unit = useUnit();
  return (
    <g class="dh-mates" aria-hidden="true">
      {useMates().map((mate) => {
        const anchor = Object.values(anchors)[mate.anchor ?? 0];
        if (mate.view !== view || !mate.item || !anchor) return null;
        const [x, y] = [anchor.x + (mate.x ?? 0), anchor.y + (mate.y ?? 0)];
        return (
          <g key={mate.seat} class="dh-dragged" style={{ transform: `translate(${x}px, ${y}px)` }}>
            <g transform={`scale(${(unit * DRAGGED_SIZE_PX) / 104})`}>
              <circle r="56" fill="#0c0d18" opacity="0.35" />
              <circle r="56" fill="none" stroke={mate.colour} stroke-width="5" stroke-dasharray="10 7" />
              <ItemArt item={mate.item} />
            </g>
          </g>
        );
      })}
    </g>
  );
}
