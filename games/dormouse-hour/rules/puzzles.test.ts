/** Each puzzle: right moves, wrong moves, and moves that come too early. */
import { describe, expect, test } from 'bun:test';
import { isReadyToSwing } from './apply.ts';
import { facesInOrder } from './drawer.ts';
import { firstWrong, isAlone } from './posts.ts';
import { remainingTurns, trace } from './run.ts';
import { GALLERY, type Move, PIT, type State, WHEELS } from './state.ts';
import { initialState, play, playUntil } from './testing.ts';
import { fit, turningCount, wantedTeeth } from './train.ts';

const seeds = Array.from({ length: 200 }, (_, index) => Math.imul(index + 1, 0x85ebca6b) >>> 0);
const upstairs = (seed: number): State => playUntil(seed, ({ hatch }) => hatch);

describe('the drawer', () => {
  test('is never open nor hung in order at the start', () => {
    for (const seed of seeds) {
      const { drawer } = initialState(seed);
      expect(
        play(initialState(seed), 1, { type: 'face', wheel: 0, face: drawer.wheels[0] ?? 0 }).seats,
      ).toEqual([]);
      expect(drawer.open).toBe(false);
      expect(facesInOrder(drawer)).not.toEqual(drawer.portraits.map(({ face }) => face));
    }
  });

  test('opens on the right faces only, and then gives its items once', () => {
    const state = initialState(9);
    const faces = facesInOrder(state.drawer);
    const turns = faces.map((face, wheel): Move => ({ type: 'face', wheel, face }));
    expect(play(state, 1, ...turns.slice(0, 3)).drawer.open).toBe(false);
    const opened = play(state, 1, ...turns);
    expect(opened.bag).toEqual(['crank', 'wheel12', 'wheel24']);
    expect(play(opened, 1, { type: 'face', wheel: 0, face: 5 })).toBe(opened);
  });
});

describe('the nightingale', () => {
  test('sings only when wound, and only with the key', () => {
    const state = initialState(2);
    expect(play(state, 1, { type: 'sing' })).toBe(state);
    expect(play(state, 1, { type: 'use', item: 'key', on: 'bird' })).toBe(state);
    const held = play(state, 1, { type: 'take', item: 'key' });
    expect(play(held, 1, { type: 'take', item: 'key' })).toBe(held);
    expect(play(held, 1, { type: 'use', item: 'key', on: 'hatch' })).toBe(held);
    const wound = play(held, 1, { type: 'use', item: 'key', on: 'bird' });
    expect(wound.bird).toMatchObject({ wound: true, songs: 1 });
    expect(wound.bag).toEqual([]);
    expect(play(wound, 1, { type: 'take', item: 'key' })).toBe(wound);
  });

  test('a wrong bell resets the count, the tune opens it', () => {
    const wound = playUntil(4, ({ bird }) => bird.wound);
    const { tune } = wound.bird;
    const rings = tune.map((bell): Move => ({ type: 'ring', bell }));
    const other = [0, 1, 2, 3, 4].find((bell) => bell !== tune[0] && bell !== tune[2]) ?? 0;
    expect(play(wound, 1, ...rings.slice(0, 2), { type: 'ring', bell: other }).bird.right).toBe(0);
    expect(play(wound, 1, ...rings.slice(0, 2), { type: 'sing' }).bird.right).toBe(0);
    const opened = play(wound, 1, ...rings);
    expect(opened.bird.open).toBe(true);
    expect(opened.bag).toEqual(['wheel16', 'wheel20', 'nut']);
    expect(play(opened, 1, ...rings).bag).toEqual(opened.bag);
  });

  test('a tune never rings one bell twice in a row', () => {
    for (const seed of seeds) {
      const { tune } = initialState(seed).bird;
      expect(tune).toHaveLength(5);
      expect(tune.some((bell, index) => bell === tune[index + 1])).toBe(false);
    }
  });
});

describe('the way up', () => {
  test('is closed until the crank is used', () => {
    const state = playUntil(6, ({ drawer, bird }) => drawer.open && bird.open);
    const early: Move[] = [
      { type: 'place', teeth: 12, arbor: 0 },
      { type: 'post', post: GALLERY },
      { type: 'turn', tile: 0, turn: 0 },
      { type: 'turn', tile: 0, turn: 1 },
      { type: 'use', item: 'nut', on: 'run' },
    ];
    for (const move of early) expect(play(state, 1, move)).toBe(state);
    const open = play(state, 1, { type: 'use', item: 'crank', on: 'hatch' });
    expect(open.hatch).toBe(true);
    expect(open.bag).not.toContain('crank');
    expect(play(open, 1, { type: 'place', teeth: 12, arbor: 0 })).not.toBe(open);
  });
});

describe('the wheels', () => {
  test('exactly one arrangement turns the last wheel', () => {
    for (const seed of seeds.slice(0, 40)) {
      const state = upstairs(seed);
      const solutions = arrangements().filter((teeth) => {
        const moves = teeth.map((count, arbor): Move => ({ type: 'place', teeth: count, arbor }));
        return play(state, 1, ...moves).train.solved;
      });
      expect(solutions).toEqual([wantedTeeth(state.train)]);
    }
  });

  test('a wheel put on a taken arbor sends the other one back into the bag', () => {
    const state = upstairs(8);
    const first = play(state, 1, { type: 'place', teeth: 12, arbor: 1 });
    const second = play(first, 2, { type: 'place', teeth: 16, arbor: 1 });
    expect(second.train.placed).toEqual([0, 16, 0]);
    expect(second.bag).toContain('wheel12');
    expect(play(second, 1, { type: 'place', teeth: 16, arbor: 1 })).toBe(second);
    const back = play(second, 1, { type: 'place', teeth: 16, arbor: -1 });
    expect(back.train.placed).toEqual([0, 0, 0]);
    expect([...back.bag].sort()).toEqual([...state.bag].sort());
    expect(play(back, 1, { type: 'place', teeth: 16, arbor: -1 })).toBe(back);
  });

  test('two neighbours mesh, are loose or jam', () => {
    const state = upstairs(8);
    const wanted = wantedTeeth(state.train)[0] ?? 0;
    for (const teeth of WHEELS) {
      const placed = play(state, 1, { type: 'place', teeth, arbor: 0 }).train;
      expect(fit(placed, 0)).toBe(teeth === wanted ? 'meshed' : teeth > wanted ? 'jammed' : 'loose');
      expect(turningCount(placed)).toBe(teeth === wanted ? 2 : 1);
    }
  });
});

describe('the posts', () => {
  test('a lantern is set from the gallery only, a weight from the pit only', () => {
    const state = upstairs(3);
    const moon: Move = { type: 'moon', part: 0, value: 2 };
    const weight: Move = { type: 'weight', part: 0, value: 2 };
    expect(play(state, 1, moon)).toBe(state);
    const up = play(state, 1, { type: 'post', post: GALLERY });
    expect(play(up, 1, weight)).toBe(up);
    expect(play(up, 1, moon).posts.moons[0]).toBe(2);
    expect(play(up, 2, moon)).toBe(up);
    expect(play(up, 1, { type: 'post', post: PIT }, weight).posts.weights[0]).toBe(2);
  });

  test('two players at the two posts can only swap posts', () => {
    const state = play(upstairs(3), 1, { type: 'post', post: GALLERY });
    expect(isAlone(state.posts, 1)).toBe(true);
    const both = play(state, 2, { type: 'post', post: PIT });
    expect(isAlone(both.posts, 1)).toBe(false);
    expect(play(both, 2, { type: 'post', post: GALLERY }).posts.at).toEqual({ '1': PIT, '2': GALLERY });
    const three = play(both, 3, { type: 'post', post: PIT });
    expect(play(three, 3, { type: 'post', post: GALLERY }).posts.at).toEqual({
      '1': GALLERY,
      '2': PIT,
      '3': GALLERY,
    });
  });

  test('nothing is right at the start, and both posts are needed', () => {
    for (const seed of seeds) {
      const { posts } = initialState(seed);
      expect([firstWrong(posts, GALLERY), firstWrong(posts, PIT)]).toEqual([0, 0]);
    }
    const half = playUntil(3, ({ posts }) => firstWrong(posts, GALLERY) < 0);
    expect(half.posts.solved).toBe(false);
    const whole = playUntil(3, ({ posts }) => posts.solved);
    expect(play(whole, 1, { type: 'weight', part: 0, value: 0 })).toBe(whole);
  });
});

describe('the nut run', () => {
  test('can always be solved, and is never solved at the beginning', () => {
    for (const seed of seeds) {
      const { run } = initialState(seed);
      expect(trace(run).arrived).toBe(false);
      expect(remainingTurns(run).length).toBeGreaterThanOrEqual(2);
      const tiles = run.tiles.map((tile, index) => ({
        ...tile,
        turn: remainingTurns(run).find((step) => step.tile === index)?.turn ?? tile.turn,
      }));
      expect(trace({ ...run, tiles }).arrived).toBe(true);
    }
  });

  test('is closed until the wheels are solved; a nut that does not arrive comes back', () => {
    const state = upstairs(12);
    expect(play(state, 1, { type: 'turn', tile: 0, turn: 1 }, { type: 'turn', tile: 0, turn: 2 })).toBe(
      state,
    );
    const open = playUntil(12, ({ train }) => train.solved);
    const dropped = play(open, 1, { type: 'use', item: 'nut', on: 'run' });
    expect(dropped.run).toMatchObject({ rolls: 1, solved: false });
    expect(dropped.bag).toContain('nut');
    const solved = playUntil(12, ({ run }) => run.solved);
    expect(solved.bag).not.toContain('nut');
  });
});

test('the pendulum waits for wheels, weights and dormouse', () => {
  const ready = playUntil(20, isReadyToSwing);
  expect(play(ready, 1, { type: 'swing' }).swinging).toBe(true);
  for (const part of ['train', 'posts', 'run'] as const) {
    const without = { ...ready, [part]: { ...ready[part], solved: false } };
    expect(play(without, 1, { type: 'swing' })).toBe(without);
  }
});

test('the state records which seats changed it', () => {
  const state = play(initialState(1), 3, { type: 'ring', bell: 0 });
  expect([state.seats, state.by]).toEqual([[3], 3]);
  expect(play(state, 1, { type: 'ring', bell: 0 })).toMatchObject({ seats: [1, 3], by: 1 });
});

function arrangements(): number[][] {
  return WHEELS.flatMap((one) =>
    WHEELS.flatMap((two) => WHEELS.map((three) => [one, two, three])).filter(
      (teeth) => new Set(teeth).size === teeth.length,
    ),
  );
}
