/**
 * Stopping: the first signal stops everything in order, within a time; a second one breaks that
 * off. Nothing confirmed depends on an orderly stop, so breaking off is safe, only less polite.
 */
import { OperatorError } from '../errors.ts';
import type { World } from '../lib/world.ts';
import type { Running } from '../running.ts';
import type { Terminal } from './command.ts';

/** Game processes are given a little less (`STOP_MS_MAX` of wire/slot.ts). */
export const STOP_MS_MAX = 28_000;
/** A terminal, npm and our own start script each pass on one Ctrl-C: within this time they are one. */
export const SAME_SIGNAL_MS = 500;

/** Resolves with 0 once everything is stopped. */
export function untilStopped(
  running: Pick<Running, 'failed' | 'stop'>,
  terminal: Pick<Terminal, 'err' | 'onSignal'>,
  world: World,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let firstAt: number | null = null;
  void running.failed.then((error) =>
    reject(new OperatorError('engine-failed', { message: error.message }, { cause: error })),
  );
  terminal.onSignal((signal) => {
    const now = world.clock.mono();
    if (firstAt !== null) {
      if (now - firstAt >= SAME_SIGNAL_MS) reject(new OperatorError('stop-forced', {}));
      return;
    }
    firstAt = now;
    terminal.err(`${signal}: stopping; a second one breaks it off.`);
    world.timers.after(STOP_MS_MAX, () =>
      reject(new OperatorError('stop-timeout', { seconds: STOP_MS_MAX / 1000 })),
    );
    running.stop().then(() => resolve(0), reject);
  });
  return promise;
}
