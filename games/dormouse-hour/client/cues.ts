/**
 * Sounds, captions and announcements of a state change. They are computed from the difference of two states,
 * so they are the same for the player who made the move and for all others.
 */
import { DRAWER_ITEMS, isKeyOnHook, BIRD_ITEMS } from '../rules/apply.ts';
import { firstWrong } from '../rules/posts.ts';
import { GALLERY, type Item, PIT, type Posts, type State } from '../rules/state.ts';
import { fit } from '../rules/train.ts';
import { BELL_RATES, NOTE_GAP_S, type SoundName, type SoundOptions } from './sounds.ts';

export interface Cue {
  readonly sound?: readonly [SoundName, SoundOptions?];
  /** Text key, and the values of its placeholders. */
  readonly caption?: string;
  readonly values?: { readonly [name: string]: string | number };
  /** Text key; its placeholders are `by` (the player's name) and `items` (names of found items). */
  readonly announce?: string;
  /** True: not announced to the player who made the move. */
  readonly othersOnly?: true;
  readonly items?: readonly Item[];
}

export function cues(before: State, after: State): Cue[] {
  return [...loftCues(before, after), ...chamberCues(before, after), ...postCues(before, after)];
}

/** Compares by value: a state with pending moves applied is a new object at each render. */
function differ(one: unknown, other: unknown): boolean {
  return one !== other && JSON.stringify(one) !== JSON.stringify(other);
}

function* loftCues(before: State, after: State): Generator<Cue> {
  if (isKeyOnHook(before) && !isKeyOnHook(after)) {
    yield { sound: ['take'], caption: 'caption.take', announce: 'said.key', othersOnly: true };
  }
  if (differ(after.drawer.wheels, before.drawer.wheels)) yield { sound: ['tick'] };
  if (after.drawer.open && !before.drawer.open) {
    yield { sound: ['drawer'], caption: 'caption.drawer' };
    yield { sound: ['solved', { delay: 0.5 }], announce: 'said.found', items: DRAWER_ITEMS };
  }
  const bird = after.bird;
  if (bird.wound && !before.bird.wound) yield { sound: ['wind'], caption: 'caption.wind' };
  if (bird.songs > before.bird.songs) yield* song(bird.tune, before.bird.wound ? 0.1 : 1.1);
  if (bird.strokes > before.bird.strokes) {
    const rate = BELL_RATES[bird.lastBell] ?? 1;
    yield { sound: ['bell', { rate }], caption: 'caption.bell', values: { bell: bird.lastBell + 1 } };
    if (!bird.open && before.bird.right > bird.right) yield { sound: ['knock', { delay: 0.15 }] };
  }
  if (bird.open && !before.bird.open) {
    yield { sound: ['solved', { delay: 0.4 }], announce: 'said.found', items: BIRD_ITEMS };
  }
  if (after.hatch && !before.hatch) {
    yield { sound: ['wind', { rate: 0.7 }], caption: 'caption.hatch', announce: 'said.hatch' };
    yield { sound: ['solved', { delay: 0.9 }] };
  }
}

function* song(tune: readonly number[], start: number): Generator<Cue> {
  for (const [index, bell] of tune.entries()) {
    yield { sound: ['pipe', { rate: BELL_RATES[bell] ?? 1, delay: start + index * NOTE_GAP_S }] };
  }
  yield { caption: 'caption.song', values: { tune: tune.map((bell) => bell + 1).join(' – ') } };
}

function* chamberCues(before: State, after: State): Generator<Cue> {
  if (differ(after.train.placed, before.train.placed)) {
    const isJammed = [0, 1, 2, 3].some((index) => fit(after.train, index) === 'jammed');
    yield { sound: ['place'] };
    if (isJammed) yield { sound: ['jam', { delay: 0.15 }], caption: 'caption.jam' };
  }
  if (after.train.solved && !before.train.solved) {
    yield { sound: ['whirr', { delay: 0.2 }], caption: 'caption.whirr' };
    yield { sound: ['squeak', { delay: 1.8 }], announce: 'said.squeak' };
    yield { sound: ['solved', { delay: 0.8 }] };
  }
  if (differ(after.run.tiles, before.run.tiles)) yield { sound: ['turn'] };
  if (after.run.rolls > before.run.rolls) {
    yield { sound: ['roll'], caption: 'caption.roll' };
    if (!after.run.solved) yield { sound: ['knock', { delay: 1.5 }], announce: 'said.nutBack' };
  }
  if (after.run.solved && !before.run.solved) {
    yield { sound: ['squeak', { delay: 1.7 }], caption: 'caption.squeak', announce: 'said.dormouse' };
    yield { sound: ['solved', { delay: 2.1 }] };
  }
  if (after.swinging && !before.swinging) yield { sound: ['creak'], caption: 'caption.swing' };
}

function postsDone(posts: Posts): number {
  return ([GALLERY, PIT] as const).filter((post) => firstWrong(posts, post) < 0).length;
}

function* postCues(before: State, after: State): Generator<Cue> {
  const [old, now] = [before.posts, after.posts];
  if (differ(now.at, old.at)) yield { sound: ['creak'], caption: 'caption.lift' };
  if (differ(now.moons, old.moons)) yield { sound: ['lantern'] };
  if (differ(now.weights, old.weights)) yield { sound: ['chain'] };
  if (postsDone(now) > postsDone(old) && !now.solved) {
    yield { sound: ['tock'], caption: 'caption.half', announce: 'said.half' };
  }
  if (now.solved && !old.solved) {
    yield { sound: ['chain', { rate: 0.7 }], caption: 'caption.weights', announce: 'said.weights' };
    yield { sound: ['solved', { delay: 0.5 }] };
  }
}
