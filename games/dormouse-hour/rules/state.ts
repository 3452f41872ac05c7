/**
 * The state of a game of "The Dormouse Hour": plain JSON, the same for all players.
 *
 * The story in short: the loft holds a drawer (locked with four faces) and a mechanical nightingale
 * (which wants its tune back). The drawer's crank opens the way to the clock chamber. There the
 * wheels are put in, the weights are raised by two people at two posts, and the dormouse that sleeps
 * in the works is lured out with a nut. Then the pendulum may swing.
 */
export const PUZZLES = ['drawer', 'bird', 'train', 'posts', 'run'] as const;
export type PuzzleId = (typeof PUZZLES)[number];

/** Teeth of the loose wheels; a wheel is named by them. */
export const WHEELS = [12, 16, 20, 24] as const;
/** Teeth of the two wheels that are fixed in the frame, the driving and the driven one. */
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
/** Phases of a lantern's moon, and notches of a weight's chain. */
export const POST_VALUES = 4;

export const GALLERY = 0;
export const PIT = 1;
export type Post = typeof GALLERY | typeof PIT;

/** A portrait in the loft: whose face, and after whom (place on the wall, -1 = the first keeper). */
export interface Portrait {
  readonly face: number;
  readonly after: number;
}

export interface Drawer {
  readonly portraits: readonly Portrait[];
  readonly wheels: readonly number[];
  readonly salt: number;
  /** Hash of the faces in the right order. */
  readonly lock: number;
  readonly open: boolean;
}

export interface Bird {
  readonly tune: readonly number[];
  readonly wound: boolean;
  /** How often it sang. */
  readonly songs: number;
  /** How many notes of the tune were rung in order. */
  readonly right: number;
  /** How often any bell was rung, and the last bell: so that mates hear it. */
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
  /** Seat → the post it stands at. */
  readonly at: { readonly [seat: string]: Post };
  /** Marks of lanterns and weights, left to right, and the orders in which the walls list them. */
  readonly lanternMarks: readonly number[];
  readonly weightMarks: readonly number[];
  readonly chalkOrder: readonly number[];
  readonly knotOrder: readonly number[];
  /** What is wanted, by mark. */
  readonly moonGoal: readonly number[];
  readonly weightGoal: readonly number[];
  /** What is set, left to right. */
  readonly moons: readonly number[];
  readonly weights: readonly number[];
  readonly solved: boolean;
}

export interface Tile {
  /** A bend, or else a straight groove. */
  readonly bend: boolean;
  /** Quarter turns clockwise. */
  readonly turn: number;
}

export interface Run {
  /** Row by row. */
  readonly tiles: readonly Tile[];
  readonly entry: number;
  readonly exit: number;
  /** How often a nut was dropped. */
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
  /** The pendulum swings: the end. */
  readonly swinging: boolean;
  /** What the team carries, in the order of finding. */
  readonly bag: readonly Item[];
  /** Hint steps taken, by puzzle. */
  readonly hints: { readonly [puzzle in PuzzleId]: number };
  /** Seats that did something, and the last of them. */
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
