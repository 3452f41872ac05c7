/**
 * A bot that plays the game to its end, given only the state and its seat. Tests of the rules use it, and
 * end-to-end tests through the real server. Any number of seats can be played by bots at the same time.
 */
import { isKeyOnHook, isReadyToSwing } from './rules/apply.ts';
import { facesInOrder, firstWrongWheel } from './rules/drawer.ts';
import { firstWrong, seatsAt } from './rules/posts.ts';
import { remainingTurns } from './rules/run.ts';
import { GALLERY, type Move, PIT, type Post, type State, wheelItem } from './rules/state.ts';
import { wantedTeeth } from './rules/train.ts';

/** The next move of this seat; null if another seat must move first, or the game is over. */
export function botMove(state: State, seat: number): Move | null {
  if (state.swinging) return null;
  return inLoft(state) ?? atTrain(state) ?? atRun(state) ?? atPosts(state, seat) ?? atEnd(state);
}

function inLoft(state: State): Move | null {
  const { bird, drawer } = state;
  if (isKeyOnHook(state)) return { type: 'take', item: 'key' };
  if (!bird.wound) return { type: 'use', item: 'key', on: 'bird' };
  if (!bird.open) return { type: 'ring', bell: bird.tune[bird.right] ?? 0 };
  const wheel = drawer.open ? -1 : firstWrongWheel(drawer);
  if (wheel >= 0) return { type: 'face', wheel, face: facesInOrder(drawer)[wheel] ?? 0 };
  return state.hatch ? null : { type: 'use', item: 'crank', on: 'hatch' };
}

function atTrain({ train, bag }: State): Move | null {
  const wanted = wantedTeeth(train);
  const arbor = wanted.findIndex((teeth, at) => train.placed[at] !== teeth);
  const teeth = wanted[arbor] ?? 0;
  if (arbor < 0 || !(bag.includes(wheelItem(teeth)) || train.placed.includes(teeth))) return null;
  return { type: 'place', teeth, arbor };
}

function atRun({ run }: State): Move | null {
  if (run.solved) return null;
  const [next] = remainingTurns(run);
  return next ? { type: 'turn', ...next } : { type: 'use', item: 'nut', on: 'run' };
}

function atPosts({ posts }: State, seat: number): Move | null {
  if (posts.solved) return null;
  const here = posts.at[String(seat)];
  const todo = ([GALLERY, PIT] as const).filter((post) => firstWrong(posts, post) >= 0);
  if (here !== undefined && todo.includes(here)) return here === GALLERY ? moon(posts) : weight(posts);
  const unmanned = todo.find((post: Post) => seatsAt(posts, post).length === 0);
  if (unmanned !== undefined) return { type: 'post', post: unmanned };
  return null;
}

function moon(posts: State['posts']): Move {
  const part = firstWrong(posts, GALLERY);
  return { type: 'moon', part, value: posts.moonGoal[posts.lanternMarks[part] ?? 0] ?? 0 };
}

function weight(posts: State['posts']): Move {
  const part = firstWrong(posts, PIT);
  return { type: 'weight', part, value: posts.weightGoal[posts.weightMarks[part] ?? 0] ?? 0 };
}

function atEnd(state: State): Move | null {
  return isReadyToSwing(state) ? { type: 'swing' } : null;
}
