/** Replays and loads leave the process time for other work. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../../../test/support/in-process/world.simulated.ts';
import { Semaphore } from '../../../lib/semaphore.ts';
import { ReplayThrottle } from './replay-throttle.ts';

test('after half a megabyte in one tick replays wait for the next', async () => {
  const world = createSimulatedWorld(1);
  const throttle = new ReplayThrottle(world.timers);
  expect(throttle.waitForBudget()).toBeNull();
  throttle.consume(400_000);
  expect(throttle.waitForBudget()).toBeNull();
  throttle.consume(400_000);
  let resumed = 0;
  const waiting = [throttle.waitForBudget(), throttle.waitForBudget()];
  for (const each of waiting) void each!.then(() => resumed++);
  await world.settle();
  expect(resumed).toBe(0);
  await world.advance(1);
  expect(resumed).toBe(2);
  expect(throttle.waitForBudget()).toBeNull();
  expect(world.timerCount()).toBe(0);
});

test('a semaphore runs two tasks at a time, in order, also when some fail', async () => {
  const semaphore = new Semaphore(2, 2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (n: number) =>
    semaphore
      .run(async () => {
        begun.push(n);
        await new Promise<void>((resolve) => ends.push(resolve));
        if (n === 1) throw new Error('failed');
      })
      ?.catch(() => {}) ?? Promise.resolve();
  const all = Promise.all([1, 2, 3, 4].map(work));
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  await settle();
  expect(begun).toEqual([1, 2]);
  // Two run, two wait: the queue is full.
  expect(semaphore.run(() => Promise.resolve())).toBeNull();
  ends.shift()!();
  await settle();
  expect(begun).toEqual([1, 2, 3]);
  ends.shift()!();
  await settle();
  expect(begun).toEqual([1, 2, 3, 4]);
  for (const end of ends) end();
  await all;
});
