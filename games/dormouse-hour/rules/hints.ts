/**
 * Three hint steps for each open puzzle, from a nudge to the answer, as text keys. They read the
 * state: what is done is never advised, and the last step always names the next thing to do.
 */
import { facesInOrder, firstWrongWheel } from './drawer.ts';
import { firstWrong } from './posts.ts';
import { puzzleState } from './progress.ts';
import { stepsToDo } from './run.ts';
import { GALLERY, PIT, type PuzzleId, PUZZLES, type State, wheelItem } from './state.ts';
import { turning, wantedTeeth } from './train.ts';

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
    const there = state.train.placed.includes(teeth) || state.bag.includes(wheelItem(teeth));
    // The way up opens with the drawer, so only the bird can still keep a wheel.
    if (!there) return ['missing', 'loft', 'bird'];
    return [turning(state.train) > 1 ? 'on' : 'look', 'method', `answer.${arbor}.${teeth}`];
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
    const [next] = stepsToDo(state.run);
    if (next) return ['look', 'method', `answer.${next.tile}`];
    // Whoever has set all the wheels has opened the bird, and with it found the nut.
    return ['ready', 'nut', 'drop'];
  },
};
