/**
 * Stopping: the first signal stops everything gracefully within a time limit; a second one aborts that. Nothing
 * confirmed depends on a graceful stop, so aborting is safe.
 */
import { OperatorError } from '../errors.ts';
import type { World } from '../lib/world.ts';
import type { Running } from '../running.ts';
import type { Terminal } from './command.ts';

/** Game processes get less (`STOP_MS_MAX` of hosts/slot-supervisor.ts). */
export const STOP_MS_MAX = 28_000;
/** Signals within this time count as one: terminal, npm and our start script each pass on the same Ctrl-C. */
export const SAME_SIGNAL_MS = 500;

/**
 * Waits for a signal, then stops. Resolves with exit code 0 when everything has stopped; rejects with an
 * OperatorError if an engine fails, the stop takes too long or a second signal aborts.
 */
export function stopOnSignal(
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
    terminal.err(`${signal}: stopping; a second signal aborts.`);
    world.timers.after(STOP_MS_MAX, () =>
      reject(new OperatorError('stop-timeout', { seconds: STOP_MS_MAX / 1000 })),
    );
    running.stop().then(() => resolve(0), reject);
  });
  return promise;
}
