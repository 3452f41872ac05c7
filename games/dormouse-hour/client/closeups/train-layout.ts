/** Where the five arbors stand on the board: as far apart as the teeth of two neighbours reach. */
import { type Train, WHEELS } from '../../rules/state.ts';
import { wheelLine } from '../../rules/train.ts';
import { meshTurns, type Seat, UNITS_PER_TOOTH } from '../art/wheel.tsx';

/** The line goes up and down, so that it fits and looks like clockwork. */
const LEANS = [-0.5, 0.62, -0.55, 0.5];
const MIDDLE = { x: 500, y: 400 };

export function trainSeats(train: Train): Seat[] {
  const seats: Seat[] = [{ x: 0, y: 0 }];
  train.gaps.forEach((gap, index) => {
    const last = seats[index] ?? { x: 0, y: 0 };
    const lean = LEANS[index] ?? 0;
    const far = gap * UNITS_PER_TOOTH;
    seats.push({ x: last.x + far * Math.cos(lean), y: last.y + far * Math.sin(lean) });
  });
  const middle = (values: readonly number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  const dx = MIDDLE.x - middle(seats.map(({ x }) => x));
  const dy = MIDDLE.y - middle(seats.map(({ y }) => y));
  return seats.map(({ x, y }) => ({ x: x + dx, y: y + dy }));
}

export function trainTurns(train: Train, seats: readonly Seat[]): number[] {
  return meshTurns(seats, wheelLine(train));
}

/** Where the plate with the sum of two neighbours is screwed on: beside the line between them. */
export function plateSeats(seats: readonly Seat[]): Seat[] {
  return seats.slice(1).map((to, index) => {
    const from = seats[index] ?? to;
    const far = Math.hypot(to.x - from.x, to.y - from.y);
    const side = index % 2 === 0 ? -1 : 1;
    const off = Math.max(...WHEELS) * 4.7 * side;
    return {
      x: (from.x + to.x) / 2 - ((to.y - from.y) / far) * off,
      y: (from.y + to.y) / 2 + ((to.x - from.x) / far) * off,
    };
  });
}
