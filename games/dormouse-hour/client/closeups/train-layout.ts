/** Positions on the board of the five arbors (fixed ones included): their distances follow from the gaps. */
import { type Train, WHEELS } from '../../rules/state.ts';
import { wheelLine } from '../../rules/train.ts';
import { meshAngles, type Point, UNITS_PER_TOOTH } from '../art/wheel.tsx';

/** Directions from each arbor to the next, in radians: the line zigzags so that it fits on the board. */
const ANGLES = [-0.5, 0.62, -0.55, 0.5];
const MIDDLE = { x: 500, y: 400 };

export function arborPoints(train: Train): Point[] {
  const points: Point[] = [{ x: 0, y: 0 }];
  train.gaps.forEach((gap, index) => {
    const last = points[index] ?? { x: 0, y: 0 };
    const angle = ANGLES[index] ?? 0;
    const distance = gap * UNITS_PER_TOOTH;
    points.push({ x: last.x + distance * Math.cos(angle), y: last.y + distance * Math.sin(angle) });
  });
  const middle = (values: readonly number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  const dx = MIDDLE.x - middle(points.map(({ x }) => x));
  const dy = MIDDLE.y - middle(points.map(({ y }) => y));
  return points.map(({ x, y }) => ({ x: x + dx, y: y + dy }));
}

export function wheelAngles(train: Train, points: readonly Point[]): number[] {
  return meshAngles(points, wheelLine(train));
}

/** Positions of the plates with the sums: beside the line between two neighbours, on alternating sides. */
export function platePoints(points: readonly Point[]): Point[] {
  return points.slice(1).map((to, index) => {
    const from = points[index] ?? to;
    const distance = Math.hypot(to.x - from.x, to.y - from.y);
    const side = index % 2 === 0 ? -1 : 1;
    const offset = Math.max(...WHEELS) * 4.7 * side;
    return {
      x: (from.x + to.x) / 2 - ((to.y - from.y) / distance) * offset,
      y: (from.y + to.y) / 2 + ((to.x - from.x) / distance) * offset,
    };
  });
}
