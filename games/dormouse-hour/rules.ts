/** The rules of "The Dormouse Hour": initial state, parser, reducer, progress and hints. */
import { defineGame } from '@escapement/sdk';
import { apply } from './rules/apply.ts';
import { makeBird } from './rules/bird.ts';
import { seededRandom } from './rules/random.ts';
import { makeDrawer } from './rules/drawer.ts';
import { hintsFor } from './rules/hints.ts';
import { parse } from './rules/moves.ts';
import { makePosts } from './rules/posts.ts';
import { progress } from './rules/progress.ts';
import { makeRun } from './rules/run.ts';
import type { Move, State } from './rules/state.ts';
import { makeTrain } from './rules/train.ts';

export default defineGame<State, Move>({
  init({ seed }) {
    const nextInt = seededRandom(seed);
    return {
      drawer: makeDrawer(nextInt),
      bird: makeBird(nextInt),
      hatch: false,
      train: makeTrain(nextInt),
      posts: makePosts(nextInt),
      run: makeRun(nextInt),
      swinging: false,
      bag: [],
      hints: { drawer: 0, bird: 0, train: 0, posts: 0, run: 0 },
      seats: [],
      by: 0,
    };
  },
  parse,
  apply: (state, move, { seat }) => apply(state, move, seat),
  progress,
  hints: hintsFor,
});
