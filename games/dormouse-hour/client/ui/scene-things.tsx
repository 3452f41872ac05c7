/** @jsxImportSource preact */
/**
 * The things of a scene, in three layers: the drawings, the light, and the markers that the light must not
 * cover (brass eyes on things that can be pressed, names, and initials of the mates who look at a thing).
 */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { At } from '../art/basics.tsx';
import { paint } from '../art/defs.tsx';
import { useGame } from '../game.ts';
import type { Closeup } from '../view-model.ts';
import { useMates } from './mates.tsx';
import { Pill } from './label.tsx';
import { useUnit } from './unit.ts';
import { Hotspot } from './hotspot.tsx';

/** Position in the scene, and scale (1 if absent). */
export interface Transform {
  readonly x: number;
  readonly y: number;
  readonly s?: number;
}

export interface Thing {
  readonly id: string;
  readonly at: Transform;
  /** Left, top, width and height of the hotspot, in the coordinates of `at`. */
  readonly box: readonly [number, number, number, number];
  readonly name: string;
  readonly label?: string;
  readonly art: JSX.Element | null;
  /** Position of its eye, in the coordinates of `at`. Without one there is nothing to do here now. */
  readonly eye?: readonly [number, number] | null;
  /** The close-up that it opens: mates on that view are shown here. */
  readonly closeup?: Closeup;
  readonly drop?: string;
  readonly onPress: () => void;
}

export function SceneThings({ things, light }: { things: readonly Thing[]; light: ComponentChildren }) {
  const game = useGame();
  const [pointed, setPointed] = useState<string | null>(null);
  return (
    <g>
      {things.map((thing) => (
        <g
          key={thing.id}
          data-thing={thing.id}
          onPointerEnter={() => setPointed(thing.id)}
          onPointerLeave={() => setPointed(null)}
          onFocusCapture={() => setPointed(thing.id)}
          onBlurCapture={() => setPointed(null)}
        >
          <Hotspot
            {...area(thing)}
            label={thing.label ?? thing.name}
            onPress={thing.onPress}
            stage={`${game.place}.${thing.id}`}
            {...dropOf(thing)}
          >
            <At {...thing.at}>{thing.art}</At>
          </Hotspot>
        </g>
      ))}
      {light}
      <g pointer-events="none" aria-hidden="true">
        {things.map((thing) => (
          <Markers key={thing.id} thing={thing} named={pointed === thing.id} />
        ))}
      </g>
    </g>
  );
}

function area({ at: { x, y, s = 1 }, box: [left, top, w, h] }: Thing) {
  return { x: x + left * s, y: y + top * s, w: w * s, h: h * s };
}

function dropOf({ drop }: Thing): { drop?: string } {
  return drop === undefined ? {} : { drop };
}

function Markers({ thing, named }: { thing: Thing; named: boolean }) {
  const unit = useUnit();
  const mates = useMates().filter((mate) => thing.closeup !== undefined && mate.view === thing.closeup);
  const { x, y, w, h } = area(thing);
  const { at, eye } = thing;
  return (
    <g>
      {eye && (
        <g
          transform={`translate(${at.x + eye[0] * (at.s ?? 1)} ${at.y + eye[1] * (at.s ?? 1)}) scale(${unit})`}
        >
          <circle r="34" fill={paint('lamp')} opacity="0.75" />
          <circle r="12" fill="#5a3210" opacity="0.55" />
          <circle r="12" fill="none" stroke="#fff0bd" stroke-width="3" />
          <circle class="dh-eye" r="5.5" fill="#fffbe6" />
        </g>
      )}
      {named && (
        <g transform={`translate(${x + w / 2} ${y + h}) scale(${unit})`}>
          <Pill text={thing.name} />
        </g>
      )}
      {mates.map((mate, index) => (
        <g
          key={mate.seat}
          transform={`translate(${x + w / 2 + (index - (mates.length - 1) / 2) * 40 * unit} ${y}) scale(${unit})`}
        >
          <circle r="16" fill="#120d18" stroke={mate.colour} stroke-width="3" />
          <text y="6" text-anchor="middle" font-size="17" fill={mate.colour}>
            {mate.name.slice(0, 1)}
          </text>
        </g>
      ))}
    </g>
  );
}
