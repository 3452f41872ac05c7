/** What each move does. A move that is not possible now gives back the very state it was given. */
import { ring, sing, wind } from './bird.ts';
import { turnFace } from './drawer.ts';
import { hintsFor } from './hints.ts';
import { goTo, setMoon, setWeight } from './posts.ts';
import { dropNut, turnTile } from './run.ts';
import { type Item, type Move, PUZZLES, type State, wheelItem } from './state.ts';
import { placeWheel } from './train.ts';

/** What the drawer and the bird hold; the chamber's wheels are shared out between them. */
export const DRAWER_ITEMS: readonly Item[] = ['crank', 'wheel12', 'wheel24'];
export const BIRD_ITEMS: readonly Item[] = ['wheel16', 'wheel20', 'nut'];

export function apply(state: State, move: Move, seat: number): State {
  if (state.swinging) return state;
  const next = done(state, move, seat);
  if (next === state) return state;
  const seats = state.seats.includes(seat)
    ? state.seats
    : [...state.seats, seat].sort((one, other) => one - other);
  return { ...next, seats, by: seat };
}

function done(state: State, move: Move, seat: number): State {
  switch (move.type) {
    case 'take':
      return take(state, move.item);
    case 'use':
      return use(state, move);
    case 'face': {
      const drawer = turnFace(state.drawer, move.wheel, move.face);
      if (drawer === state.drawer) return state;
      return { ...state, drawer, bag: drawer.open ? [...state.bag, ...DRAWER_ITEMS] : state.bag };
    }
    case 'sing': {
      const bird = sing(state.bird);
      return bird === state.bird ? state : { ...state, bird };
    }
    case 'ring': {
      const bird = ring(state.bird, move.bell);
      const opened = bird.open && !state.bird.open;
      return { ...state, bird, bag: opened ? [...state.bag, ...BIRD_ITEMS] : state.bag };
    }
    case 'hint':
      return takeHint(state, move);
    case 'swing':
      return readyToSwing(state) ? { ...state, swinging: true } : state;
    default:
      return state.hatch ? doneAbove(state, move, seat) : state;
  }
}

type MoveAbove = Extract<Move, { type: 'place' | 'post' | 'moon' | 'weight' | 'turn' }>;

/** Moves that need the way up to be open. */
function doneAbove(state: State, move: MoveAbove, seat: number): State {
  switch (move.type) {
    case 'place':
      return place(state, move.teeth, move.arbor);
    case 'post':
      return withPosts(state, goTo(state.posts, seat, move.post));
    case 'moon':
      return withPosts(state, setMoon(state.posts, seat, move.part, move.value));
    case 'weight':
      return withPosts(state, setWeight(state.posts, seat, move.part, move.value));
    case 'turn': {
      const run = state.train.solved ? turnTile(state.run, move.tile, move.turn) : state.run;
      return run === state.run ? state : { ...state, run };
    }
  }
}

/** The key hangs on its hook until it was taken: it is then in the bag, or the bird is wound. */
export function keyHangs(state: State): boolean {
  return !state.bird.wound && !state.bag.includes('key');
}

export function readyToSwing(state: State): boolean {
  return !state.swinging && state.train.solved && state.posts.solved && state.run.solved;
}

function take(state: State, item: 'key'): State {
  return keyHangs(state) ? { ...state, bag: [...state.bag, item] } : state;
}

function use(state: State, { item, on }: Extract<Move, { type: 'use' }>): State {
  if (!state.bag.includes(item)) return state;
  const bag = state.bag.filter((held) => held !== item);
  if (item === 'key' && on === 'bird') return { ...state, bag, bird: wind(state.bird) };
  if (item === 'crank' && on === 'hatch') return { ...state, bag, hatch: true };
  if (item === 'nut' && on === 'run' && state.hatch && state.train.solved) {
    const run = dropNut(state.run);
    return { ...state, run, bag: run.solved ? bag : state.bag };
  }
  return state;
}

function place(state: State, teeth: number, arbor: number): State {
  const { train, bag } = state;
  const item = wheelItem(teeth);
  const at = train.placed.indexOf(teeth);
  if (train.solved || (at < 0 && !bag.includes(item)) || at === arbor) return state;
  const driven = arbor >= 0 ? (train.placed[arbor] ?? 0) : 0;
  let held = bag.filter((other) => other !== item);
  if (driven > 0) held = [...held, wheelItem(driven)];
  if (arbor < 0) held = [...held, item];
  return { ...state, train: placeWheel(train, teeth, arbor), bag: held };
}

function withPosts(state: State, posts: State['posts']): State {
  return posts === state.posts ? state : { ...state, posts };
}

/** Steps are taken one after another; a step that is not there costs nothing. */
function takeHint(state: State, { puzzle, step }: Extract<Move, { type: 'hint' }>): State {
  const taken = state.hints[puzzle];
  if (!PUZZLES.includes(puzzle) || step !== taken + 1 || step > hintsFor(state, puzzle).length) return state;
  return { ...state, hints: { ...state.hints, [puzzle]: step } };
}
