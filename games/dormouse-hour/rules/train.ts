/** The wheels: three arbors between two fixed wheels. Two neighbours mesh if their teeth add up to the gap. */
import { type NextInt, shuffled } from './random.ts';
import { ARBORS, FIXED_TEETH, type Train, WHEELS, withAt } from './state.ts';

export function makeTrain(nextInt: NextInt): Train {
  const chosen = shuffled(nextInt, WHEELS.length)
    .slice(0, ARBORS)
    .map((index) => WHEELS[index] ?? 0);
  const line = [FIXED_TEETH, ...chosen, FIXED_TEETH];
  const gaps = line.slice(1).map((teeth, index) => teeth + (line[index] ?? 0));
  return { gaps, placed: [0, 0, 0], solved: false };
}

/** Teeth of all five wheels, the fixed ones included; 0 where an arbor is empty. */
export function wheelLine(train: Train): number[] {
  return [FIXED_TEETH, ...train.placed, FIXED_TEETH];
}

export type Fit = 'empty' | 'loose' | 'meshed' | 'jammed';

/** How wheel `index` of the line and the next one fit. */
export function fit(train: Train, index: number): Fit {
  const line = wheelLine(train);
  const left = line[index] ?? 0;
  const right = line[index + 1] ?? 0;
  if (left === 0 || right === 0) return 'empty';
  const gap = train.gaps[index] ?? 0;
  if (left + right === gap) return 'meshed';
  return left + right > gap ? 'jammed' : 'loose';
}

/** Number of wheels that turn: the driving wheel and those connected to it by meshing neighbours. */
export function turningCount(train: Train): number {
  let count = 1;
  while (count < train.placed.length + 2 && fit(train, count - 1) === 'meshed') count++;
  return count;
}

/** Puts a wheel on an arbor; -1 removes it. The caller checks that the team has the wheel. */
export function placeWheel(train: Train, teeth: number, arbor: number): Train {
  let placed: readonly number[] = train.placed.map((on) => (on === teeth ? 0 : on));
  if (arbor >= 0) placed = withAt(placed, arbor, teeth);
  const next = { ...train, placed };
  return { ...next, solved: turningCount(next) === placed.length + 2 };
}

/** The teeth that solve the puzzle, by arbor: they follow from the gaps and the first fixed wheel. */
export function wantedTeeth(train: Train): number[] {
  const wanted: number[] = [];
  let before = FIXED_TEETH;
  for (const gap of train.gaps.slice(0, -1)) {
    before = gap - before;
    wanted.push(before);
  }
  return wanted;
}
