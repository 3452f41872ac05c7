/** How the backlog of an earlier process is spread over time. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../../test/support/in-process/world.simulated.ts';
import { BACKLOG_INTERVAL_MS, BACKLOG_MS, BACKLOG_SHARE_ROOMS_MIN, Backlog } from './backlog.ts';

const roomNames = (count: number) => Array.from({ length: count }, (_, each) => `room-${each}`);

/** Returns the size of each share. */
async function sharesOf(count: number): Promise<number[]> {
  const world = createSimulatedWorld(1);
  const rooms = roomNames(count);
  const backlog = new Backlog(world.clock, rooms);
  const seen: string[] = [];
  const sizes: number[] = [];
  while (backlog.size > 0) {
    const share = backlog.take();
    expect(share.some((room) => backlog.has(room))).toBe(false);
    seen.push(...share);
    sizes.push(share.length);
    await world.advance(BACKLOG_INTERVAL_MS);
  }
  expect(seen.toSorted()).toEqual(rooms.toSorted());
  return sizes;
}

test('thousands of rooms are spread evenly over a minute and a half', async () => {
  const sizes = await sharesOf(9_000);
  expect(sizes).toHaveLength(BACKLOG_MS / BACKLOG_INTERVAL_MS);
  expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([100, 100]);
});

test('a small backlog is taken in shares of the minimum size', async () => {
  expect(await sharesOf(3)).toEqual([3]);
  expect(await sharesOf(40)).toEqual([BACKLOG_SHARE_ROOMS_MIN, BACKLOG_SHARE_ROOMS_MIN, 8]);
});

test('a late call returns everything that became due since the last one', async () => {
  const world = createSimulatedWorld(1);
  const backlog = new Backlog(world.clock, roomNames(9_000));
  await world.advance(BACKLOG_MS / 2);
  expect(backlog.take().length).toBe(4_600);
  expect(backlog.take()).toEqual([]);
  await world.advance(BACKLOG_MS);
  expect(backlog.take().length).toBe(4_400);
});
