/** The nut run: grooved tiles that can be turned; a nut dropped at the top must roll to the nest box. */
import type { NextInt } from './random.ts';
import { RUN_COLUMNS, RUN_ROWS, type Run, type Tile, withAt } from './state.ts';

/** Sides of a tile, clockwise from the top: a quarter turn adds 1. */
export const NORTH = 0;
export const EAST = 1;
export const SOUTH = 2;
export const WEST = 3;

export interface Step {
  readonly tile: number;
  /** The side through which the nut enters. */
  readonly from: number;
}

export function makeRun(nextInt: NextInt): Run {
  const entry = nextInt(RUN_COLUMNS);
  const bends: (boolean | null)[] = Array<boolean | null>(RUN_COLUMNS * RUN_ROWS).fill(null);
  let column = entry;
  for (let row = 0; row < RUN_ROWS; row++) {
    // The path moves sideways in each row: going straight down would be too easy.
    const target = (column + 1 + nextInt(RUN_COLUMNS - 1)) % RUN_COLUMNS;
    for (let at = Math.min(column, target); at <= Math.max(column, target); at++) {
      bends[row * RUN_COLUMNS + at] = at === column || at === target;
    }
    column = target;
  }
  const tiles = bends.map((bend) => ({ bend: bend ?? nextInt(2) === 0, turn: nextInt(4) }));
  const run = { tiles, entry, exit: column, rolls: 0, solved: false };
  return scrambled(run);
}

/** If fewer than three tiles of the path must be turned, turns its first and third tile by a quarter. */
function scrambled(run: Run): Run {
  if (remainingTurns(run).length >= 3) return run;
  const [first, , third] = cheapestPath(run);
  let tiles = run.tiles;
  for (const step of [first, third]) {
    const tile = step && tiles[step.tile];
    if (step && tile) tiles = withAt(tiles, step.tile, { ...tile, turn: (tile.turn + 1) % 4 });
  }
  return { ...run, tiles };
}

export function turnTile(run: Run, tile: number, turn: number): Run {
  const old = run.tiles[tile];
  if (run.solved || !old || old.turn === turn) return run;
  return { ...run, tiles: withAt(run.tiles, tile, { ...old, turn }) };
}

export function dropNut(run: Run): Run {
  return { ...run, rolls: run.rolls + 1, solved: run.solved || trace(run).arrived };
}

/** The side through which a nut leaves a tile that it entered at `from`; null if no groove starts there. */
export function exitSide({ bend, turn }: Tile, from: number): number | null {
  const sides = bend ? [turn % 4, (turn + 1) % 4] : [turn % 2, (turn % 2) + 2];
  const index = sides.indexOf(from);
  return index < 0 ? null : (sides[1 - index] ?? null);
}

/** The tile next to a side; null outside the board. */
function neighbour(tile: number, side: number): number | null {
  const column = tile % RUN_COLUMNS;
  if (side === EAST) return column + 1 < RUN_COLUMNS ? tile + 1 : null;
  if (side === WEST) return column > 0 ? tile - 1 : null;
  const next = side === NORTH ? tile - RUN_COLUMNS : tile + RUN_COLUMNS;
  return next >= 0 && next < RUN_COLUMNS * RUN_ROWS ? next : null;
}

function isExit(run: Run, tile: number, side: number): boolean {
  return side === SOUTH && tile === (RUN_ROWS - 1) * RUN_COLUMNS + run.exit;
}

/** The path of a nut through the tiles as they are turned now. */
export function trace(run: Run): { readonly steps: readonly Step[]; readonly arrived: boolean } {
  const steps: Step[] = [];
  let tile: number | null = run.entry;
  let from = NORTH;
  while (tile !== null && steps.length < run.tiles.length) {
    const here = run.tiles[tile];
    const out = here ? exitSide(here, from) : null;
    if (out === null) break;
    steps.push({ tile, from });
    if (isExit(run, tile, out)) return { steps, arrived: true };
    tile = neighbour(tile, out);
    from = (out + 2) % 4;
  }
  return { steps, arrived: false };
}

/** Of all paths that the tiles' shapes allow, the one for which the fewest tiles must be turned. */
export function cheapestPath(run: Run): readonly Step[] {
  let best: readonly Step[] = [];
  let bestCost = Infinity;
  const search = (steps: readonly Step[], tile: number, from: number, cost: number): void => {
    const here = run.tiles[tile];
    if (!here || cost >= bestCost || steps.some((step) => step.tile === tile)) return;
    const taken = [...steps, { tile, from }];
    const outs = here.bend ? [(from + 1) % 4, (from + 3) % 4] : [(from + 2) % 4];
    for (const out of outs) {
      const costHere = cost + (exitSide(here, from) === out ? 0 : 1);
      const next = neighbour(tile, out);
      if (isExit(run, tile, out)) {
        if (costHere < bestCost) [best, bestCost] = [taken, costHere];
      } else if (next !== null) search(taken, next, (out + 2) % 4, costHere);
    }
  };
  search([], run.entry, NORTH, 0);
  return best;
}

/** The tiles of that path that are turned wrong, from the top down, each with the `turn` it needs. */
export function remainingTurns(run: Run): { readonly tile: number; readonly turn: number }[] {
  const way = cheapestPath(run);
  return way.flatMap(({ tile, from }, index) => {
    const next = way[index + 1];
    const out = next ? (next.from + 2) % 4 : SOUTH;
    const here = run.tiles[tile];
    if (!here || exitSide(here, from) === out) return [];
    const turn = [0, 1, 2, 3].find((turned) => exitSide({ ...here, turn: turned }, from) === out);
    return [{ tile, turn: turn ?? 0 }];
  });
}
