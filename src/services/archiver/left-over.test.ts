/** In which turn a room comes that a process before has left. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../../test/support/world.simulated.ts';
import { LEFT_OVER_MS, LEFT_OVER_ROOMS_MIN, LEFT_OVER_TURN_MS, LeftOver } from './left-over.ts';

/** How many rooms come in each turn. */
async function turns(count: number): Promise<number[]> {
  const world = createSimulatedWorld(1);
  const rooms = Array.from({ length: count }, (_, each) => `room-${each}`);
  const leftOver = new LeftOver(world.clock, rooms);
  const seen: string[] = [];
  const sizes: number[] = [];
  while (leftOver.size > 0) {
    const share = leftOver.take();
    expect(share.some((room) => leftOver.has(room))).toBe(false);
    seen.push(...share);
    sizes.push(share.length);
    await world.advance(LEFT_OVER_TURN_MS);
  }
  expect(seen.toSorted()).toEqual(rooms.toSorted());
  return sizes;
}

test('thousands of rooms come evenly, and all within two minutes', async () => {
  const sizes = await turns(9_000);
  expect(sizes).toHaveLength(LEFT_OVER_MS / LEFT_OVER_TURN_MS);
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([100, 100]);
});

test('a few rooms come at once, some more in full turns', async () => {
  expect(await turns(3)).toEqual([3]);
  expect(await turns(40)).toEqual([LEFT_OVER_ROOMS_MIN, LEFT_OVER_ROOMS_MIN, 8]);
});

test('who asks late gets what has come up meanwhile', async () => {
  const world = createSimulatedWorld(1);
  const leftOver = new LeftOver(
    world.clock,
    Array.from({ length: 9_000 }, (_, each) => `room-${each}`),
  );
  await world.advance(LEFT_OVER_MS / 2);
  expect(leftOver.take().length).toBe(4_600);
  expect(leftOver.take()).toEqual([]);
  await world.advance(LEFT_OVER_MS);
  expect(leftOver.take().length).toBe(4_400);
});
