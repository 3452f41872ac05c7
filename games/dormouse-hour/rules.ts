/** The rules of "The Dormouse Hour": how a game begins, what moves do, how far a team is. */
import { defineGame } from '@escapement/sdk';
import { apply } from './rules/apply.ts';
import { makeBird } from './rules/bird.ts';
import { dice } from './rules/dice.ts';
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
    const roll = dice(seed);
    return {
      drawer: makeDrawer(roll),
      bird: makeBird(roll),
      hatch: false,
      train: makeTrain(roll),
      posts: makePosts(roll),
      run: makeRun(roll),
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
