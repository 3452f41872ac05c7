/**
 * `escapement start` as a game process: started and controlled by a main process. The main process holds the lock of
 * the data folder; this one holds the lock of its slot's journal.
 */
import type { Settings } from '../config.ts';
import { asOperatorError, OperatorError } from '../errors.ts';
import type { ChildMessage, ParentMessage } from '../hosts/process-messages.ts';
import { type ParentProcess, parentProcess } from '../lib/parent.real.ts';
import type { World } from '../lib/world.ts';
import type { Running, ServiceName } from '../running.ts';
import { wire } from '../wire.ts';
import type { Terminal } from './command.ts';
import { keysOf } from './keys.ts';
import { stopOnSignal } from './stop.ts';

const PROGRESS_INTERVAL_MS = 1_000;
/** The exit code when the main process is gone, so that no process reads it. */
const ORPHAN_EXIT_CODE = 1;

type Parent = ParentProcess<ParentMessage, ChildMessage>;

/** Returns the exit code. */
export async function startSupervised(
  settings: Settings,
  names: readonly ServiceName[],
  terminal: Terminal,
  world: World,
): Promise<number> {
  const parent: Parent | null = parentProcess();
  if (!parent) throw new OperatorError('not-supervised', {});
  // Ctrl-C and a system shutdown signal all processes; the main process decides when this one stops.
  terminal.onSignal(() => {});
  const stoppedEarly = stopDuringStart(parent);
  try {
    const keys = keysOf(settings.dataDir, world);
    const starting = wire(settings, names, keys, progressReporter(parent, world));
    const running = await Promise.race([starting, stoppedEarly]);
    // Nothing was confirmed yet, so the process may just exit.
    if (typeof running === 'number') return running;
    const stopped = stopOnMessage(running, parent, world);
    const port = Number(new URL(running.listen).port);
    await parent.send({ kind: 'ready', port, bootId: running.bootId });
    return await stopped;
  } catch (error) {
    const { message, code, exitCode } = asOperatorError(error, settings);
    // The main process logs it with the slot's name.
    await parent.send({ kind: 'failed', code, message: `${message} [${code}]` });
    return exitCode;
  }
}

/**
 * Resolves with an exit code when the main process sends `stop` or is gone. A start may wait for its port and journal,
 * and read for minutes: without a main process it would keep both from the game process of a new main process.
 */
function stopDuringStart(parent: Parent): Promise<number> {
  return new Promise((resolve) => {
    parent.onDisconnect(() => resolve(ORPHAN_EXIT_CODE));
    parent.onMessage(({ kind }) => {
      if (kind === 'stop') resolve(0);
    });
  });
}

/** Reports progress at most once per PROGRESS_INTERVAL_MS. */
function progressReporter(parent: Parent, { clock }: World): () => void {
  let sentAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.mono() < sentAt + PROGRESS_INTERVAL_MS) return;
    sentAt = clock.mono();
    void parent.send({ kind: 'progress' });
  };
}

/** Replies to `get-state`; stops on `stop`, or at once when the main process is gone. Resolves with the exit code. */
function stopOnMessage(running: Running, parent: Parent, world: World): Promise<number> {
  let isOrphan = false;
  const stoppable = {
    failed: running.failed,
    stop: () => running.stop(isOrphan ? 'immediate' : 'graceful'),
  };
  const signals = {
    err: () => {},
    onSignal(listener: (signal: string) => void) {
      parent.onMessage(({ kind }) => {
        if (kind === 'stop') listener(kind);
        else void parent.send({ kind: 'state', ...running.roomsState() });
      });
      parent.onDisconnect(() => {
        isOrphan = true;
        listener('disconnect');
      });
    },
  };
  return stopOnSignal(stoppable, signals, world);
}
