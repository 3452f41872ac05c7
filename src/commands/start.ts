/** `escapement start`: checks the settings, starts the services and stops them on a signal. */
import { join } from 'node:path';
import { loadConfig } from '../config.load.ts';
import { OPTIONS, PORT_MAX, type Settings } from '../config.ts';
import { asDataDirError, asOperatorError, OperatorError } from '../errors.ts';
import { ensureWritableFolder } from '../lib/folders.real.ts';
import { lockFile } from '../lib/lock.real.ts';
import type { World } from '../lib/world.ts';
import { type ServiceName, SERVICES } from '../running.ts';
import { VERSION } from '../version.ts';
import { wire } from '../wire.ts';
import { banner } from './banner.ts';
import type { Terminal } from './command.ts';
import { keysOf } from './keys.ts';
import { stopOnSignal } from './stop.ts';
import { startSupervised } from './supervised.ts';

export async function start(args: readonly string[], terminal: Terminal, world: World): Promise<number> {
  const { settings, positionals } = loadConfig(args, terminal.env);
  const names = servicesNamed(positionals);
  refuseTestPartsInPublic(settings, names);
  refuseImpossibleProcesses(settings, names);
  if (settings.supervised) return startSupervised(settings, names, terminal, world);
  try {
    const lock = lockDataDir(settings.dataDir);
    const keys = keysOf(settings.dataDir, world);
    const running = await wire(settings, names, keys);
    // Before the banner: a program that reads it may send a signal at once.
    const stopped = stopOnSignal(running, terminal, world);
    terminal.out(await banner(VERSION, running, settings.lan));
    const code = await stopped.finally(() => running.killProcesses());
    lock.release();
    return code;
  } catch (error) {
    throw asOperatorError(error, settings);
  }
}

function servicesNamed(positionals: readonly string[]): readonly ServiceName[] {
  const unknown = positionals.find((word) => !SERVICES.some((name) => name === word));
  if (unknown !== undefined) {
    throw new OperatorError('unknown-service', { service: unknown, services: SERVICES.join(', ') });
  }
  return SERVICES.filter((name) => positionals.length === 0 || positionals.includes(name));
}

/** At a public address buyers must have to pay, and their mails must be sent, not written to a folder. */
function refuseTestPartsInPublic({ url, demo, smtp }: Settings, names: readonly ServiceName[]): void {
  if (demo || !url.startsWith('https:')) return;
  // There is no other payment provider yet.
  if (names.includes('web')) throw new OperatorError('test-till-public', { url });
  if (names.includes('mailer') && smtp === '') throw new OperatorError('outbox-public', { url });
}

/** Refuses settings that cannot work with game processes. */
function refuseImpossibleProcesses(
  { gameProcesses: count, port, slot }: Settings,
  names: readonly ServiceName[],
): void {
  if (count === 0) return;
  if (slot !== OPTIONS.slot.default) throw new OperatorError('slot-with-processes', { slot, count });
  if (!names.includes('game') || !names.includes('archiver')) {
    throw new OperatorError('processes-without-rooms', {});
  }
  if (port > 0 && port + count > PORT_MAX) throw new OperatorError('ports-missing', { count, port });
}

/** With less free space neither the database nor the journal could start. */
const FREE_BYTES_MIN = 1024 * 1024;

/** Makes the folder if it is missing, and locks it. */
function lockDataDir(dir: string): { release(): void } {
  try {
    ensureWritableFolder(dir, FREE_BYTES_MIN);
  } catch (error) {
    throw asDataDirError(error, dir);
  }
  const lock = lockFile(join(dir, 'lock'));
  if (!lock.ok) throw new OperatorError('data-dir-in-use', { dir });
  return lock;
}
