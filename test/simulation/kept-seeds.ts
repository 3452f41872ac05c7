/** Seeds that once failed; they are run always, whatever they play by now. Add one whenever a run fails. */
export const KEPT_SEEDS: readonly number[] = [
  // An overtaken owner reset pages that came from the next one.
  1, 5, 16, 31, 95,
  // An overtaken owner made pages number their messages anew.
  17, 106, 197,
  // A replay went further than the room knew, and the page's position was then no position.
  196,
  // A backup that copied an older segment before a newer one.
  20858,
  // A page that had not noticed the end of its connection counted as being at the head of another course of things.
  1858,
  3553, 3740, 7426, 7435,
  // A change of devices was made within a transaction of somebody else, and undone with it.
  6158, 7064,
];
