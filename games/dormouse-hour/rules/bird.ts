/** The nightingale: it sings its tune once it is wound with the key; the tune rung on the bells opens it. */
import type { NextInt } from './random.ts';
import { BELLS, type Bird, TUNE_LENGTH } from './state.ts';

export function makeBird(nextInt: NextInt): Bird {
  const tune: number[] = [];
  while (tune.length < TUNE_LENGTH) {
    // Never the same bell twice in a row: repeated notes are hard to tell apart.
    const step = tune.length === 0 ? nextInt(BELLS) : 1 + nextInt(BELLS - 1);
    tune.push(((tune.at(-1) ?? 0) + step) % BELLS);
  }
  return { tune, wound: false, songs: 0, right: 0, strokes: 0, lastBell: 0, open: false };
}

export function wind(bird: Bird): Bird {
  return bird.wound ? bird : { ...bird, wound: true, songs: 1 };
}

/** Sings the tune again. Notes rung so far no longer count. */
export function sing(bird: Bird): Bird {
  return bird.wound ? { ...bird, songs: bird.songs + 1, right: bird.open ? bird.right : 0 } : bird;
}

/**
 * Bells can be rung at any time; they count from the first song until the bird is open. A wrong bell resets
 * the count, to 1 if it is the tune's first note.
 */
export function ring(bird: Bird, bell: number): Bird {
  const rung = { ...bird, strokes: bird.strokes + 1, lastBell: bell };
  if (!bird.wound || bird.open) return rung;
  const right = bird.tune[bird.right] === bell ? bird.right + 1 : bird.tune[0] === bell ? 1 : 0;
  return { ...rung, right, open: right === bird.tune.length };
}
