/**
 * Three hint steps for each open puzzle as text keys, from a first hint to the answer. They are computed from
 * the state: they never suggest what is already done, and the last step always names the next action.
 */
import { facesInOrder, firstWrongWheel } from './drawer.ts';
import { firstWrong } from './posts.ts';
import { puzzleState } from './progress.ts';
import { remainingTurns } from './run.ts';
import { GALLERY, PIT, type PuzzleId, PUZZLES, type State, wheelItem } from './state.ts';
import { turningCount, wantedTeeth } from './train.ts';

export function hintsFor(state: State, puzzle: string): readonly string[] {
  const id = PUZZLES.find((known): known is PuzzleId => known === puzzle);
  if (!id || state.swinging || puzzleState(state, id) !== 'open') return [];
  return STEPS[id](state).map((step) => `hint.${id}.${step}`);
}

const STEPS: { readonly [puzzle in PuzzleId]: (state: State) => readonly string[] } = {
  drawer({ drawer }) {
    const wheel = firstWrongWheel(drawer);
    const face = facesInOrder(drawer)[wheel] ?? 0;
    return [wheel === 0 ? 'look' : 'on', 'method', `answer.${wheel}.${face}`];
  },
  bird(state) {
    const { bird } = state;
    if (!bird.wound) return state.bag.includes('key') ? ['use', 'slot', 'wind'] : ['key', 'hook', 'take'];
    return ['listen', 'method', `answer.${bird.right}.${bird.tune[bird.right] ?? 0}`];
  },
  train(state) {
    const wanted = wantedTeeth(state.train);
    const arbor = wanted.findIndex((teeth, at) => state.train.placed[at] !== teeth);
    const teeth = wanted[arbor] ?? 0;
    const isFound = state.train.placed.includes(teeth) || state.bag.includes(wheelItem(teeth));
    // The drawer is open (its crank opened the hatch), so a missing wheel is in the bird.
    if (!isFound) return ['missing', 'loft', 'bird'];
    return [turningCount(state.train) > 1 ? 'on' : 'look', 'method', `answer.${arbor}.${teeth}`];
  },
  posts({ posts }) {
    if (Object.keys(posts.at).length === 0) return ['two', 'lift', 'go'];
    const lantern = firstWrong(posts, GALLERY);
    if (lantern >= 0) {
      const value = posts.moonGoal[posts.lanternMarks[lantern] ?? 0] ?? 0;
      return ['chalk', 'marks', `moon.${lantern}.${value}`];
    }
    const weight = firstWrong(posts, PIT);
    const value = posts.weightGoal[posts.weightMarks[weight] ?? 0] ?? 0;
    return ['knots', 'count', `weight.${weight}.${value}`];
  },
  run(state) {
    const [next] = remainingTurns(state.run);
    if (next) return ['look', 'method', `answer.${next.tile}`];
    // The team has the nut: the puzzle opens when the wheels are solved, and that takes a wheel from the bird.
    return ['ready', 'nut', 'drop'];
  },
};
