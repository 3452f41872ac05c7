/**
 * `escapement start` as a game process: started by a main process, answering to it alone. That one
 * holds the data folder's lock; this one holds its slot's journal.
 */
import type { Settings } from '../config.ts';
import { asOperatorError, OperatorError } from '../errors.ts';
import { type ParentProcess, parentProcess } from '../lib/parent.real.ts';
import type { World } from '../lib/world.ts';
import type { ParentMessage, Running, ServiceName, ChildMessage } from '../running.ts';
import { wire } from '../wire.ts';
import type { Terminal } from './command.ts';
import { keysOf } from './keys.ts';
import { untilStopped } from './stop.ts';

/** It says at most so often that it reads. */
const READING_EVERY_MS = 1_000;
/** Nobody is there to read it. */
const ORPHAN_EXIT_CODE = 1;

export async function startSupervised(
  settings: Settings,
  names: readonly ServiceName[],
  terminal: Terminal,
  world: World,
): Promise<number> {
  const parent = parentProcess<ParentMessage, ChildMessage>();
  if (!parent) throw new OperatorError('not-supervised', {});
  // Ctrl-C and the system's own stop reach all processes; the main one says what this one does.
  terminal.onSignal(() => {});
  const ended = endedWhileStarting(parent);
  try {
    const starting = wire(settings, names, keysOf(settings.dataDir, world), sayingThatItReads(parent, world));
    const running = await Promise.race([starting, ended]);
    // It has promised nothing yet: the process ends as it is.
    if (typeof running === 'number') return running;
    const stopped = untilToldToStop(running, parent, world);
    const port = Number(new URL(running.listen).port);
    await parent.tell({ kind: 'ready', port, bootId: running.bootId });
    return await stopped;
  } catch (error) {
    const { message, code, exitCode } = asOperatorError(error, settings);
    // The main process logs it with the slot's name.
    await parent.tell({ kind: 'refused', code, message: `${message} [${code}]` });
    return exitCode;
  }
}

/**
 * A start may wait for its port and its journal, and read for minutes: without a main process it would keep
 * them from the one that a new main process has started.
 */
function endedWhileStarting(parent: ParentProcess<ParentMessage, ChildMessage>): Promise<number> {
  return new Promise((resolve) => {
    parent.onGone(() => resolve(ORPHAN_EXIT_CODE));
    parent.onOrder(({ kind }) => {
      if (kind === 'stop') resolve(0);
    });
  });
}

function sayingThatItReads(parent: ParentProcess<ParentMessage, ChildMessage>, { clock }: World): () => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.mono() < saidAt + READING_EVERY_MS) return;
    saidAt = clock.mono();
    void parent.tell({ kind: 'reading' });
  };
}

function untilToldToStop(
  running: Running,
  parent: ParentProcess<ParentMessage, ChildMessage>,
  world: World,
): Promise<number> {
  let orphan = false;
  const stopping = {
    failed: running.failed,
    stop: () => running.stop(orphan ? 'immediate' : 'graceful'),
  };
  const orders = {
    err: () => {},
    onSignal(listener: (signal: string) => void) {
      parent.onOrder((order) => {
        if (order.kind === 'stop') listener('order');
        else void parent.tell({ kind: 'state', ...running.state() });
      });
      parent.onGone(() => {
        orphan = true;
        listener('orphan');
      });
    },
  };
  return untilStopped(stopping, orders, world);
}
