/**
 * The state and the moves of "The Dormouse Hour": plain JSON, the same for all players.
 *
 * The story in short: in the loft there are a drawer (locked with four faces) and a mechanical nightingale
 * (opened by ringing its tune). The drawer contains a crank that opens the hatch to the clock chamber. There
 * players put in the wheels, raise the weights together at two posts, and lure the dormouse out of the works
 * with a nut. Then the pendulum can swing.
 */
export const PUZZLES = ['drawer', 'bird', 'train', 'posts', 'run'] as const;
export type PuzzleId = (typeof PUZZLES)[number];

/** Teeth of the loose wheels; the number of teeth identifies a wheel. */
export const WHEELS = [12, 16, 20, 24] as const;
/** Teeth of each of the two wheels that are fixed in the frame, the first (driving) and the last. */
export const FIXED_TEETH = 14;
export const ARBORS = 3;

export const ITEMS = ['key', 'crank', 'nut', 'wheel12', 'wheel16', 'wheel20', 'wheel24'] as const;
export type Item = (typeof ITEMS)[number];

/** What the items are used on. */
export const TARGETS = ['bird', 'hatch', 'run'] as const;
export type Target = (typeof TARGETS)[number];

export const KEEPERS = 4;
/** Faces on each wheel of the drawer's lock: owl, hare, fox, badger, heron, mole. */
export const FACES = 6;
export const BELLS = 5;
export const TUNE_LENGTH = 5;
export const RUN_COLUMNS = 4;
export const RUN_ROWS = 3;
/** Lanterns in the gallery and weights in the pit. */
export const POST_PARTS = 3;
/** Number of a lantern's moon phases, and of a weight's notches. */
export const POST_VALUES = 4;

export const GALLERY = 0;
export const PIT = 1;
export type Post = typeof GALLERY | typeof PIT;

/** A portrait in the loft: its face, and the index of the predecessor's portrait (-1 = the first keeper). */
export interface Portrait {
  readonly face: number;
  readonly after: number;
}

export interface Drawer {
  readonly portraits: readonly Portrait[];
  readonly wheels: readonly number[];
  readonly salt: number;
  /** Salted hash of the faces in the right order. */
  readonly lock: number;
  readonly open: boolean;
}

export interface Bird {
  readonly tune: readonly number[];
  readonly wound: boolean;
  /** Number of songs. */
  readonly songs: number;
  /** Number of notes of the tune rung in order. */
  readonly right: number;
  /** Number of strokes on any bell, and the last bell: with these, every client plays the sound. */
  readonly strokes: number;
  readonly lastBell: number;
  readonly open: boolean;
}

export interface Train {
  /** Sum of the teeth of two neighbours, along the line from the driving to the driven wheel. */
  readonly gaps: readonly number[];
  /** Teeth of the wheel on each arbor; 0 = none. */
  readonly placed: readonly number[];
  readonly solved: boolean;
}

export interface Posts {
  /** Seat → the post it is at. */
  readonly at: { readonly [seat: string]: Post };
  /** Marks (0 to 2) of lanterns and weights, left to right, and the orders in which the walls list them. */
  readonly lanternMarks: readonly number[];
  readonly weightMarks: readonly number[];
  readonly chalkOrder: readonly number[];
  readonly knotOrder: readonly number[];
  /** Wanted values, by mark. */
  readonly moonGoal: readonly number[];
  readonly weightGoal: readonly number[];
  /** Current values, left to right. */
  readonly moons: readonly number[];
  readonly weights: readonly number[];
  readonly solved: boolean;
}

export interface Tile {
  /** True: a bend; false: a straight groove. */
  readonly bend: boolean;
  /** Quarter turns clockwise. */
  readonly turn: number;
}

export interface Run {
  /** Row by row, from the top left. */
  readonly tiles: readonly Tile[];
  /** Columns of the hopper and of the nest box. */
  readonly entry: number;
  readonly exit: number;
  /** Number of drops. */
  readonly rolls: number;
  readonly solved: boolean;
}

export interface State {
  readonly drawer: Drawer;
  readonly bird: Bird;
  readonly hatch: boolean;
  readonly train: Train;
  readonly posts: Posts;
  readonly run: Run;
  /** True once the pendulum swings: the game is over. */
  readonly swinging: boolean;
  /** The items the team carries, in the order in which they were found. */
  readonly bag: readonly Item[];
  /** Number of hint steps taken, by puzzle. */
  readonly hints: { readonly [puzzle in PuzzleId]: number };
  /** Seats that changed the state, ascending, and the seat of the last change (0 = none yet). */
  readonly seats: readonly number[];
  readonly by: number;
}

export type Move =
  | { readonly type: 'take'; readonly item: 'key' }
  | { readonly type: 'use'; readonly item: Item; readonly on: Target }
  | { readonly type: 'face'; readonly wheel: number; readonly face: number }
  | { readonly type: 'sing' }
  | { readonly type: 'ring'; readonly bell: number }
  /** `arbor` -1 puts the wheel back into the bag. */
  | { readonly type: 'place'; readonly teeth: number; readonly arbor: number }
  | { readonly type: 'post'; readonly post: Post }
  | { readonly type: 'moon'; readonly part: number; readonly value: number }
  | { readonly type: 'weight'; readonly part: number; readonly value: number }
  | { readonly type: 'turn'; readonly tile: number; readonly turn: number }
  | { readonly type: 'swing' }
  | { readonly type: 'hint'; readonly puzzle: PuzzleId; readonly step: number };

export function wheelItem(teeth: number): Item {
  return `wheel${teeth}` as Item;
}

/** A copy of `list` with `value` at `index`. */
export function withAt<T>(list: readonly T[], index: number, value: T): readonly T[] {
  return list.map((old, at) => (at === index ? value : old));
}
