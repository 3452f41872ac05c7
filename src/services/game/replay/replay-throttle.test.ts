/** Nobody's replay, and nobody's loading, takes the process for itself. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../../../test/support/in-process/world.simulated.ts';
import { Semaphore } from '../../../lib/semaphore.ts';
import { ReplayThrottle } from './replay-throttle.ts';

test('after half a megabyte in one turn replays wait for the next', async () => {
  const world = createSimulatedWorld(1);
  const pace = new ReplayThrottle(world.timers);
  expect(pace.turn()).toBeNull();
  pace.spent(400_000);
  expect(pace.turn()).toBeNull();
  pace.spent(400_000);
  let went = 0;
  const waiting = [pace.turn(), pace.turn()];
  for (const each of waiting) void each!.then(() => went++);
  await world.settle();
  expect(went).toBe(0);
  await world.advance(1);
  expect(went).toBe(2);
  expect(pace.turn()).toBeNull();
  expect(world.timerCount()).toBe(0);
});

test('a gate lets so many through at a time, in order, also when some fail', async () => {
  const gate = new Semaphore(2, 2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (n: number) =>
    gate
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
  // Two run, two wait: no more are taken.
  expect(gate.run(() => Promise.resolve())).toBeNull();
  ends.shift()!();
  await settle();
  expect(begun).toEqual([1, 2, 3]);
  ends.shift()!();
  await settle();
  expect(begun).toEqual([1, 2, 3, 4]);
  for (const end of ends) end();
  await all;
});
