/** @jsxImportSource preact */
/** The board of the nut run: hopper, tiles with grooves, nest box. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { RUN_COLUMNS, RUN_ROWS, type Run, type State } from '../../rules/state.ts';
import { type Step, trace, exitSide } from '../../rules/run.ts';
import { Nut } from '../art/animals.tsx';
import { paint } from '../art/defs.tsx';

export const TILE = 148;
const LEFT = 500 - (TILE * RUN_COLUMNS) / 2;
const TOP = 140;

/** The centre of a tile. */
export const tileAt = (tile: number) => ({
  x: LEFT + (tile % RUN_COLUMNS) * TILE + TILE / 2,
  y: TOP + Math.floor(tile / RUN_COLUMNS) * TILE + TILE / 2,
});

export function RunBoard({ state, small = false }: { state: State; small?: boolean }) {
  const { run } = state;
  const bottom = TOP + RUN_ROWS * TILE;
  const exitX = LEFT + run.exit * TILE + TILE / 2;
  return (
    <g>
      <rect
        x={LEFT - 22}
        y={TOP - 22}
        width={RUN_COLUMNS * TILE + 44}
        height={RUN_ROWS * TILE + 44}
        rx="18"
        fill="#2c1b14"
      />
      {run.tiles.map((tile, index) => (
        <Tile key={index} {...tileAt(index)} bend={tile.bend} turn={tile.turn} />
      ))}
      <Hopper x={LEFT + run.entry * TILE + TILE / 2} />
      <g transform={`translate(${exitX} ${bottom})`}>
        <path d="M-96 22H96V130H-96Z" fill={paint('woodLit')} />
        <path d="M-84 30H84V120H-84Z" fill="#2a1711" />
        <path d="M-84 120Q-60 78 -30 96Q0 66 30 94Q58 76 84 120Z" fill="#c9a45a" />
        <path d="M-30 16H30V34H-30Z" fill="#150c09" />
      </g>
      {!small && <RollingNut run={run} />}
    </g>
  );
}

function Hopper({ x }: { x: number }) {
  return (
    <g transform={`translate(${x} ${TOP - 22})`}>
      <path d="M-78 -104H78L34 -10V4H-34V-10Z" fill={paint('brass')} stroke="#50310f" stroke-width="3" />
      <ellipse cy="-104" rx="78" ry="15" fill="#3a2412" />
      <path d="M-56 -88L-24 -16" stroke="#fff6da" stroke-width="7" opacity="0.5" stroke-linecap="round" />
    </g>
  );
}

/** A tile always turns clockwise, also from 3 to 0. */
function Tile({ x, y, bend, turn }: { x: number; y: number; bend: boolean; turn: number }) {
  const shown = useRef({ turn, angle: turn * 90 });
  if (shown.current.turn !== turn) {
    shown.current = { turn, angle: shown.current.angle + ((turn - shown.current.turn + 4) % 4) * 90 };
  }
  const half = TILE / 2;
  // At turn 0 a straight groove goes from top to bottom, a bend from the top to the right.
  const groove = bend ? `M0 ${-half + 3}Q0 0 ${half - 3} 0` : `M0 ${-half + 3}V${half - 3}`;
  return (
    <g transform={`translate(${x} ${y})`}>
      <g class="dh-tile" style={{ transform: `rotate(${shown.current.angle}deg)` }}>
        <rect x={-half + 3} y={-half + 3} width={TILE - 6} height={TILE - 6} rx="14" fill={paint('wood')} />
        <rect
          x={-half + 7}
          y={-half + 7}
          width={TILE - 14}
          height={TILE - 14}
          rx="11"
          fill="none"
          stroke="#c08b5a"
          stroke-width="3"
          opacity="0.55"
        />
        <path d={groove} stroke="#1d110c" stroke-width="46" fill="none" />
        <path d={groove} stroke="#4a2e20" stroke-width="34" fill="none" />
        <path
          d={groove}
          stroke="#e9c48e"
          stroke-width="3"
          fill="none"
          opacity="0.5"
          stroke-dasharray="2 14"
          stroke-linecap="round"
        />
      </g>
    </g>
  );
}

const SIDE_OFFSETS = [
  { x: 0, y: -0.5 },
  { x: 0.5, y: 0 },
  { x: 0, y: 0.5 },
  { x: -0.5, y: 0 },
] as const;

/** The points of a nut's path: for each tile the side it enters, the centre, and the side it leaves. */
function pathPoints(run: Run, steps: readonly Step[]): { x: number; y: number }[] {
  return steps.flatMap(({ tile, from }) => {
    const here = tileAt(tile);
    const tileState = run.tiles[tile];
    const exit = tileState ? (exitSide(tileState, from) ?? from) : from;
    const at = (side: number) => ({
      x: here.x + (SIDE_OFFSETS[side]?.x ?? 0) * TILE,
      y: here.y + (SIDE_OFFSETS[side]?.y ?? 0) * TILE,
    });
    return [at(from), here, at(exit)];
  });
}

/** Animates each drop while the board is shown. A nut that does not arrive falls off where its path ends. */
function RollingNut({ run }: { run: Run }) {
  const nut = useRef<SVGGElement>(null);
  const [rollsBefore] = useState(run.rolls);
  useEffect(() => {
    if (run.rolls === rollsBefore || !nut.current) return;
    const { steps, arrived } = trace(run);
    const top = { x: LEFT + run.entry * TILE + TILE / 2, y: TOP - 130 };
    const path = [top, ...pathPoints(run, steps)];
    const end = path.at(-1) ?? top;
    path.push({ x: end.x, y: end.y + (arrived ? 80 : 26) });
    const keyframe = ({ x, y }: { x: number; y: number }, turn: number, opacity: number) => ({
      transform: `translate(${x}px, ${y}px) rotate(${turn}deg) scale(1.5)`,
      opacity,
    });
    const frames = path.map((at, index) => keyframe(at, index * 120, 1));
    if (!arrived) frames.push(keyframe({ x: end.x, y: end.y + 40 }, path.length * 120, 0));
    nut.current.animate(frames, { duration: 1_700, easing: 'ease-in', fill: 'forwards' });
  }, [run.rolls]);
  return (
    <g ref={nut} opacity="0">
      <Nut />
    </g>
  );
}
