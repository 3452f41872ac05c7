/** Stopping by signal, in simulated time. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../test/support/in-process/world.simulated.ts';
import { OperatorError } from '../errors.ts';
import { SAME_SIGNAL_MS, STOP_MS_MAX, stopOnSignal } from './stop.ts';

/** A program that stops on a signal; `signal` sends one. */
function program(stop: () => Promise<void>, failed: Promise<Error> = new Promise(() => {})) {
  const world = createSimulatedWorld(1);
  const listeners: ((signal: string) => void)[] = [];
  const terminal = {
    err: () => {},
    onSignal: (one: (signal: string) => void) => void listeners.push(one),
  };
  const ended = stopOnSignal({ stop, failed }, terminal, world).catch((error: unknown) => {
    if (error instanceof OperatorError) return error.code;
    throw error;
  });
  return { world, ended, signal: () => listeners.forEach((listener) => listener('SIGTERM')) };
}

test('the first signal stops gracefully, and the exit code is 0', async () => {
  let stopped = 0;
  const running = program(async () => void stopped++);
  running.signal();
  expect(await running.ended).toBe(0);
  expect(stopped).toBe(1);
});

test('one Ctrl-C that arrives three times is one signal', async () => {
  const stop = Promise.withResolvers<void>();
  let calls = 0;
  const running = program(() => {
    calls++;
    return stop.promise;
  });
  running.signal();
  running.signal();
  await running.world.advance(SAME_SIGNAL_MS - 1);
  running.signal();
  stop.resolve();
  expect(await running.ended).toBe(0);
  expect(calls).toBe(1);
});

test('a second signal aborts the stop', async () => {
  const running = program(() => new Promise(() => {}));
  running.signal();
  await running.world.advance(SAME_SIGNAL_MS);
  running.signal();
  expect(await running.ended).toBe('stop-forced');
});

test('a stop that takes too long is aborted', async () => {
  const running = program(() => new Promise(() => {}));
  running.signal();
  await running.world.advance(STOP_MS_MAX);
  expect(await running.ended).toBe('stop-timeout');
});

test('an engine that fails ends the program, so that the next start recovers', async () => {
  const failed = Promise.withResolvers<Error>();
  const running = program(async () => {}, failed.promise);
  failed.resolve(new Error('the disk does not sync'));
  expect(await running.ended).toBe('engine-failed');
});

test('an engine that has failed already ends the program with the code that asks for a restart', async () => {
  const { ended } = program(() => Promise.resolve(), Promise.resolve(new Error('the disk said no')));
  expect(await ended).toBe('engine-failed');
});
