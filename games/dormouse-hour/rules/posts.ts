/**
 * The two posts: the wall of the pit shows what the gallery's lanterns must be set to, and the wall of the
 * gallery shows what the pit's weights must be set to. A lift with two cages joins them, one goes up as the
 * other goes down: no player sees both walls at once, except one who plays alone and carries a slate.
 */
import { type NextInt, shuffled } from './random.ts';
import { GALLERY, PIT, type Post, POST_PARTS, POST_VALUES, type Posts, withAt } from './state.ts';

export function makePosts(nextInt: NextInt): Posts {
  return {
    at: {},
    lanternMarks: shuffled(nextInt, POST_PARTS),
    weightMarks: shuffled(nextInt, POST_PARTS),
    chalkOrder: shuffled(nextInt, POST_PARTS),
    knotOrder: shuffled(nextInt, POST_PARTS),
    moonGoal: makeGoal(nextInt),
    weightGoal: makeGoal(nextInt),
    moons: Array<number>(POST_PARTS).fill(0),
    weights: Array<number>(POST_PARTS).fill(0),
    solved: false,
  };
}

/** Wanted values are never 0: everything is set to 0 at the start, so no part is right by chance. */
function makeGoal(nextInt: NextInt): number[] {
  return Array.from({ length: POST_PARTS }, () => 1 + nextInt(POST_VALUES - 1));
}

export function seatsAt(posts: Posts, post: Post): number[] {
  return Object.keys(posts.at)
    .map(Number)
    .filter((seat) => posts.at[String(seat)] === post)
    .sort((one, other) => one - other);
}

/** True if no other seat is at a post. Such a player sees the other post's wall on a slate. */
export function isAlone(posts: Posts, seat: number): boolean {
  return Object.keys(posts.at).every((other) => Number(other) === seat);
}

/** Moves a seat to a post. If its old post is then empty, the lowest seat at the new post moves there. */
export function goTo(posts: Posts, seat: number, post: Post): Posts {
  const from = posts.at[String(seat)];
  if (from === post) return posts;
  const at: { [seat: string]: Post } = { ...posts.at, [String(seat)]: post };
  const swapped = seatsAt(posts, post)[0];
  const leftEmpty = from !== undefined && !Object.values(at).includes(from);
  if (leftEmpty && swapped !== undefined) at[String(swapped)] = from;
  return { ...posts, at };
}

export function setMoon(posts: Posts, seat: number, part: number, value: number): Posts {
  if (posts.solved || posts.at[String(seat)] !== GALLERY || posts.moons[part] === value) return posts;
  return withSolved({ ...posts, moons: withAt(posts.moons, part, value) });
}

export function setWeight(posts: Posts, seat: number, part: number, value: number): Posts {
  if (posts.solved || posts.at[String(seat)] !== PIT || posts.weights[part] === value) return posts;
  return withSolved({ ...posts, weights: withAt(posts.weights, part, value) });
}

/** Index of the leftmost lantern or weight with a wrong value; -1 = none. */
export function firstWrong(posts: Posts, post: Post): number {
  const [set, marks, wanted] =
    post === GALLERY
      ? [posts.moons, posts.lanternMarks, posts.moonGoal]
      : [posts.weights, posts.weightMarks, posts.weightGoal];
  return set.findIndex((value, part) => value !== wanted[marks[part] ?? 0]);
}

function withSolved(posts: Posts): Posts {
  return { ...posts, solved: firstWrong(posts, GALLERY) < 0 && firstWrong(posts, PIT) < 0 };
}
