/** The team's progress, as the platform shows it: five puzzles and the end. */
import type { Progress, PuzzleState } from '@escapement/sdk';
import { type PuzzleId, PUZZLES, type State } from './state.ts';

export function puzzleState(state: State, puzzle: PuzzleId): PuzzleState {
  switch (puzzle) {
    case 'drawer':
      return state.drawer.open ? 'solved' : 'open';
    case 'bird':
      return state.bird.open ? 'solved' : 'open';
    case 'train':
      return state.train.solved ? 'solved' : state.hatch ? 'open' : 'closed';
    case 'posts':
      return state.posts.solved ? 'solved' : state.hatch ? 'open' : 'closed';
    case 'run':
      return state.run.solved ? 'solved' : state.train.solved ? 'open' : 'closed';
  }
}

export function progress(state: State): Progress {
  return {
    puzzles: PUZZLES.map((id) => ({ id, state: puzzleState(state, id) })),
    done: state.swinging,
    hints: PUZZLES.reduce((sum, id) => sum + state.hints[id], 0),
  };
}
