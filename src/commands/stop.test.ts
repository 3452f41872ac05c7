/** Stopping by signal, in simulated time. */
import { expect, test } from 'bun:test';
import { createSimulatedWorld } from '../../test/support/in-process/world.simulated.ts';
import { OperatorError } from '../errors.ts';
import { SAME_SIGNAL_MS, STOP_MS_MAX, untilStopped } from './stop.ts';

/** A program that waits for signals; `signal` sends one. */
function waiting(stop: () => Promise<void>, failed: Promise<Error> = new Promise(() => {})) {
  const world = createSimulatedWorld(1);
  const listeners: ((signal: string) => void)[] = [];
  const terminal = {
    err: () => {},
    onSignal: (one: (signal: string) => void) => void listeners.push(one),
  };
  const ended = untilStopped({ stop, failed }, terminal, world).catch((error: unknown) => {
    if (error instanceof OperatorError) return error.code;
    throw error;
  });
  return { world, ended, signal: () => listeners.forEach((listener) => listener('SIGTERM')) };
}

test('the first signal stops in order, and the program ends with 0', async () => {
  let stopped = 0;
  const program = waiting(async () => void stopped++);
  program.signal();
  expect(await program.ended).toBe(0);
  expect(stopped).toBe(1);
});

test('one Ctrl-C that arrives three times is one signal', async () => {
  const stop = Promise.withResolvers<void>();
  let calls = 0;
  const program = waiting(() => {
    calls++;
    return stop.promise;
  });
  program.signal();
  program.signal();
  await program.world.advance(SAME_SIGNAL_MS - 1);
  program.signal();
  stop.resolve();
  expect(await program.ended).toBe(0);
  expect(calls).toBe(1);
});

test('a second signal breaks off', async () => {
  const program = waiting(() => new Promise(() => {}));
  program.signal();
  await program.world.advance(SAME_SIGNAL_MS);
  program.signal();
  expect(await program.ended).toBe('stop-forced');
});

test('stopping that takes too long is broken off', async () => {
  const program = waiting(() => new Promise(() => {}));
  program.signal();
  await program.world.advance(STOP_MS_MAX);
  expect(await program.ended).toBe('stop-timeout');
});

test('an engine that failed ends the program, so that the next start recovers', async () => {
  const failed = Promise.withResolvers<Error>();
  const program = waiting(async () => {}, failed.promise);
  failed.resolve(new Error('the disk does not sync'));
  expect(await program.ended).toBe('engine-failed');
});

test('an engine that failed ends the program with a code that says: start me again', async () => {
  const { ended } = waiting(() => Promise.resolve(), Promise.resolve(new Error('the disk said no')));
  expect(await ended).toBe('engine-failed');
});
