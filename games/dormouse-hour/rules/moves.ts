/** Parses the JSON of a message: returns a move with exactly its own fields, or null if it is not one. */
import {
  ARBORS,
  BELLS,
  FACES,
  GALLERY,
  type Item,
  ITEMS,
  KEEPERS,
  type Move,
  PIT,
  POST_PARTS,
  POST_VALUES,
  type PuzzleId,
  PUZZLES,
  RUN_COLUMNS,
  RUN_ROWS,
  type Target,
  TARGETS,
  WHEELS,
} from './state.ts';

/** Above the number of steps of any puzzle (3). */
const STEP_MAX = 9;

type Raw = { readonly [key: string]: unknown };

export function parse(value: unknown): Move | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const raw = value as Raw;
  switch (raw['type']) {
    case 'take':
      return raw['item'] === 'key' ? { type: 'take', item: 'key' } : null;
    case 'use':
      return parseUse(raw);
    case 'face':
      return parseNumbers(raw, { wheel: KEEPERS, face: FACES }, (move) => ({ type: 'face', ...move }));
    case 'sing':
      return { type: 'sing' };
    case 'ring':
      return parseNumbers(raw, { bell: BELLS }, (move) => ({ type: 'ring', ...move }));
    case 'place':
      return parsePlace(raw);
    case 'post':
      return raw['post'] === GALLERY || raw['post'] === PIT ? { type: 'post', post: raw['post'] } : null;
    case 'moon':
      return parseNumbers(raw, POST_LIMITS, (move) => ({ type: 'moon', ...move }));
    case 'weight':
      return parseNumbers(raw, POST_LIMITS, (move) => ({ type: 'weight', ...move }));
    case 'turn':
      return parseNumbers(raw, { tile: RUN_COLUMNS * RUN_ROWS, turn: 4 }, (move) => ({
        type: 'turn',
        ...move,
      }));
    case 'swing':
      return { type: 'swing' };
    case 'hint':
      return parseHint(raw);
    default:
      return null;
  }
}

const POST_LIMITS = { part: POST_PARTS, value: POST_VALUES };

/** Reads an integer from 0 to limit - 1 for each key of `limits`; null if one is missing or out of range. */
function parseNumbers<K extends string>(
  raw: Raw,
  limits: { readonly [key in K]: number },
  toMove: (fields: { [key in K]: number }) => Move,
): Move | null {
  const fields = {} as { [key in K]: number };
  for (const key of Object.keys(limits) as K[]) {
    const value = raw[key];
    if (!isNonNegativeInteger(value) || value >= limits[key]) return null;
    fields[key] = value;
  }
  return toMove(fields);
}

function parseUse(raw: Raw): Move | null {
  const item = ITEMS.find((known): known is Item => known === raw['item']);
  const on = TARGETS.find((known): known is Target => known === raw['on']);
  return item && on ? { type: 'use', item, on } : null;
}

function parsePlace(raw: Raw): Move | null {
  const teeth = WHEELS.find((known) => known === raw['teeth']);
  const arbor = raw['arbor'];
  if (!teeth || (arbor !== -1 && (!isNonNegativeInteger(arbor) || arbor >= ARBORS))) return null;
  return { type: 'place', teeth, arbor };
}

function parseHint(raw: Raw): Move | null {
  const puzzle = PUZZLES.find((known): known is PuzzleId => known === raw['puzzle']);
  const step = raw['step'];
  return puzzle && isNonNegativeInteger(step) && step <= STEP_MAX ? { type: 'hint', puzzle, step } : null;
}

function isNonNegativeInteger(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
