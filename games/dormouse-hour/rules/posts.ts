/**
 * The two posts: what the gallery's lanterns must show is chalked in the pit, and how the pit's
 * weights must hang is knotted in the gallery. A lift joins them, one cage up as the other goes
 * down: so nobody sees both at once, except one who plays alone and carries a slate.
 */
import { type Dice, shuffled } from './dice.ts';
import { GALLERY, PIT, type Post, POST_PARTS, POST_VALUES, type Posts, withAt } from './state.ts';

export function makePosts(roll: Dice): Posts {
  return {
    at: {},
    lanternMarks: shuffled(roll, POST_PARTS),
    weightMarks: shuffled(roll, POST_PARTS),
    chalkOrder: shuffled(roll, POST_PARTS),
    knotOrder: shuffled(roll, POST_PARTS),
    moonGoal: goal(roll),
    weightGoal: goal(roll),
    moons: Array<number>(POST_PARTS).fill(0),
    weights: Array<number>(POST_PARTS).fill(0),
    solved: false,
  };
}

/** Nothing is right at the beginning, where everything stands at 0. */
function goal(roll: Dice): number[] {
  return Array.from({ length: POST_PARTS }, () => 1 + roll(POST_VALUES - 1));
}

export function seatsAt(posts: Posts, post: Post): number[] {
  return Object.keys(posts.at)
    .map(Number)
    .filter((seat) => posts.at[String(seat)] === post)
    .sort((one, other) => one - other);
}

/** Nobody else stands at a post: this player sees, on a slate, what the other post shows. */
export function isAlone(posts: Posts, seat: number): boolean {
  return Object.keys(posts.at).every((other) => Number(other) === seat);
}

/** Goes to a post. If that leaves the other one empty, one of those met here rides back the other way. */
export function goTo(posts: Posts, seat: number, post: Post): Posts {
  const from = posts.at[String(seat)];
  if (from === post) return posts;
  const at: { [seat: string]: Post } = { ...posts.at, [String(seat)]: post };
  const met = seatsAt(posts, post)[0];
  const leftEmpty = from !== undefined && !Object.values(at).includes(from);
  if (leftEmpty && met !== undefined) at[String(met)] = from;
  return { ...posts, at };
}

export function setMoon(posts: Posts, seat: number, part: number, value: number): Posts {
  if (posts.solved || posts.at[String(seat)] !== GALLERY || posts.moons[part] === value) return posts;
  return checked({ ...posts, moons: withAt(posts.moons, part, value) });
}

export function setWeight(posts: Posts, seat: number, part: number, value: number): Posts {
  if (posts.solved || posts.at[String(seat)] !== PIT || posts.weights[part] === value) return posts;
  return checked({ ...posts, weights: withAt(posts.weights, part, value) });
}

/** The lantern or weight, left to right, that is not as wanted; -1 = all are. */
export function firstWrong(posts: Posts, post: Post): number {
  const [set, marks, wanted] =
    post === GALLERY
      ? [posts.moons, posts.lanternMarks, posts.moonGoal]
      : [posts.weights, posts.weightMarks, posts.weightGoal];
  return set.findIndex((value, part) => value !== wanted[marks[part] ?? 0]);
}

function checked(posts: Posts): Posts {
  return { ...posts, solved: firstWrong(posts, GALLERY) < 0 && firstWrong(posts, PIT) < 0 };
}
