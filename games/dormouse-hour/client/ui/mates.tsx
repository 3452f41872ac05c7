/** @jsxImportSource preact */
/** Where the mates are and what they drag, from their signals. */
import { useEffect, useReducer } from 'preact/hooks';
import { ItemArt } from '../art/items.tsx';
import { useGame, type View } from '../game.ts';
import { type Pointing, readPointing } from '../signal.ts';
import { type Anchors, useUnit } from './unit.ts';

export interface Mate extends Pointing {
  readonly seat: number;
  readonly name: string;
  readonly colour: string;
}

/** The mates who are here now; drawn again at each signal. */
export function useMates(): readonly Mate[] {
  const { host } = useGame();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => host.onSignals(() => redraw(undefined)), [host]);
  const mates: Mate[] = [];
  for (const { seat, name, colour, online } of host.players()) {
    const pointing = seat !== host.seat && online ? readPointing(host.signals().get(seat)) : null;
    if (pointing) mates.push({ ...pointing, seat, name, colour });
  }
  return mates;
}

/** CSS pixels of a dragged thing. */
const SIZE = 84;

export function Dragged({ view, anchors }: { view: View; anchors: Anchors }) {
  const unit = useUnit();
  return (
    <g class="dh-mates" aria-hidden="true">
      {useMates().map((mate) => {
        const anchor = Object.values(anchors)[mate.spot ?? 0];
        if (mate.view !== view || !mate.item || !anchor) return null;
        const [x, y] = [anchor.x + (mate.x ?? 0), anchor.y + (mate.y ?? 0)];
        return (
          <g key={mate.seat} class="dh-dragged" style={{ transform: `translate(${x}px, ${y}px)` }}>
            <g transform={`scale(${(unit * SIZE) / 104})`}>
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
