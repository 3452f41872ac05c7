/** The reducer. A move that is not possible now returns the same state object that was passed in. */
import { ring, sing, wind } from './bird.ts';
import { turnFace } from './drawer.ts';
import { hintsFor } from './hints.ts';
import { goTo, setMoon, setWeight } from './posts.ts';
import { dropNut, turnTile } from './run.ts';
import { type Item, type Move, PUZZLES, type State, wheelItem } from './state.ts';
import { placeWheel } from './train.ts';

/** What the drawer and the bird contain; the chamber's four wheels are divided between them. */
export const DRAWER_ITEMS: readonly Item[] = ['crank', 'wheel12', 'wheel24'];
export const BIRD_ITEMS: readonly Item[] = ['wheel16', 'wheel20', 'nut'];

export function apply(state: State, move: Move, seat: number): State {
  if (state.swinging) return state;
  const next = nextState(state, move, seat);
  if (next === state) return state;
  const seats = state.seats.includes(seat)
    ? state.seats
    : [...state.seats, seat].sort((one, other) => one - other);
  return { ...next, seats, by: seat };
}

function nextState(state: State, move: Move, seat: number): State {
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
      return isReadyToSwing(state) ? { ...state, swinging: true } : state;
    default:
      return state.hatch ? nextChamberState(state, move, seat) : state;
  }
}

type ChamberMove = Extract<Move, { type: 'place' | 'post' | 'moon' | 'weight' | 'turn' }>;

/** Moves in the chamber: possible only once the hatch is open. */
function nextChamberState(state: State, move: ChamberMove, seat: number): State {
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

/** The key is on its hook until it is taken; from then on it is in the bag, or the bird is wound. */
export function isKeyOnHook(state: State): boolean {
  return !state.bird.wound && !state.bag.includes('key');
}

export function isReadyToSwing(state: State): boolean {
  return !state.swinging && state.train.solved && state.posts.solved && state.run.solved;
}

function take(state: State, item: 'key'): State {
  return isKeyOnHook(state) ? { ...state, bag: [...state.bag, item] } : state;
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
  const oldArbor = train.placed.indexOf(teeth);
  if (train.solved || (oldArbor < 0 && !bag.includes(item)) || oldArbor === arbor) return state;
  const replaced = arbor >= 0 ? (train.placed[arbor] ?? 0) : 0;
  let nextBag = bag.filter((other) => other !== item);
  if (replaced > 0) nextBag = [...nextBag, wheelItem(replaced)];
  if (arbor < 0) nextBag = [...nextBag, item];
  return { ...state, train: placeWheel(train, teeth, arbor), bag: nextBag };
}

function withPosts(state: State, posts: State['posts']): State {
  return posts === state.posts ? state : { ...state, posts };
}

/** Steps are taken in order, each counted once. Any other step number changes nothing. */
function takeHint(state: State, { puzzle, step }: Extract<Move, { type: 'hint' }>): State {
  const taken = state.hints[puzzle];
  if (!PUZZLES.includes(puzzle) || step !== taken + 1 || step > hintsFor(state, puzzle).length) return state;
  return { ...state, hints: { ...state.hints, [puzzle]: step } };
}
