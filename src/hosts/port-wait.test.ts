/** Waiting for a port, in simulated time. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../test/support/in-process/world.simulated.ts';
import { openWhenFree } from './port-wait.ts';

const systemError = (code: string) => Object.assign(new Error(code), { code });

function opening(waitMs: number, errorAt: (ms: number) => Error | null) {
  const world = createSimulatedWorld(1);
  const start = world.clock.mono();
  const open = (): number => {
    const ms = world.clock.mono() - start;
    const error = errorAt(ms);
    if (error) throw error;
    return ms;
  };
  const outcome = openWhenFree(open, waitMs, world).catch((error: Error) => error.message);
  return { world, outcome };
}

test('a port is opened as soon as it is free', async () => {
  const { world, outcome } = opening(10_000, (ms) => (ms < 950 ? systemError('EADDRINUSE') : null));
  await world.advance(10_000);
  expect(await outcome).toBe(1_000);
});

test('a port that stays in use is an error when the time is over', async () => {
  let tries = 0;
  const { world, outcome } = opening(1_000, () => (tries++, systemError('EADDRINUSE')));
  await world.advance(1_000);
  expect([await outcome, tries]).toEqual(['EADDRINUSE', 11]);
});

test('without a time to wait it is tried once', async () => {
  expect(await opening(0, () => systemError('EADDRINUSE')).outcome).toBe('EADDRINUSE');
});

test('another error is not retried', async () => {
  expect(await opening(10_000, () => systemError('EACCES')).outcome).toBe('EACCES');
});
