/** In which turn a room comes that a process before has left. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../../test/support/in-process/world.simulated.ts';
import { BACKLOG_MS, BACKLOG_ROOMS_PER_TURN_MIN, BACKLOG_TURN_MS, Backlog } from './backlog.ts';

/** How many rooms come in each turn. */
async function turns(count: number): Promise<number[]> {
  const world = createSimulatedWorld(1);
  const rooms = Array.from({ length: count }, (_, each) => `room-${each}`);
  const leftOver = new Backlog(world.clock, rooms);
  const seen: string[] = [];
  const sizes: number[] = [];
  while (leftOver.size > 0) {
    const share = leftOver.take();
    expect(share.some((room) => leftOver.has(room))).toBe(false);
    seen.push(...share);
    sizes.push(share.length);
    await world.advance(BACKLOG_TURN_MS);
  }
  expect(seen.toSorted()).toEqual(rooms.toSorted());
  return sizes;
}

test('thousands of rooms come evenly, and all within two minutes', async () => {
  const sizes = await turns(9_000);
  expect(sizes).toHaveLength(BACKLOG_MS / BACKLOG_TURN_MS);
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([100, 100]);
});

test('a few rooms come at once, some more in full turns', async () => {
  expect(await turns(3)).toEqual([3]);
  expect(await turns(40)).toEqual([BACKLOG_ROOMS_PER_TURN_MIN, BACKLOG_ROOMS_PER_TURN_MIN, 8]);
});

test('who asks late gets what has come up meanwhile', async () => {
  const world = createSimulatedWorld(1);
  const leftOver = new Backlog(
    world.clock,
    Array.from({ length: 9_000 }, (_, each) => `room-${each}`),
  );
  await world.advance(BACKLOG_MS / 2);
  expect(leftOver.take().length).toBe(4_600);
  expect(leftOver.take()).toEqual([]);
  await world.advance(BACKLOG_MS);
  expect(leftOver.take().length).toBe(4_400);
});
