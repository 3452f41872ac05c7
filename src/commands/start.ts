/** `escapement start`: checks what would go wrong later, starts the services, stops them in order. */
import { join } from 'node:path';
import { loadConfig } from '../config.load.ts';
import { OPTIONS, PORT_MAX, type Settings } from '../config.ts';
import { asDataDirError, asOperatorError, OperatorError } from '../errors.ts';
import { prepareDataDir } from '../lib/data-dir.real.ts';
import { lockFile } from '../lib/lock.real.ts';
import type { World } from '../lib/world.ts';
import { type ServiceName, SERVICES } from '../running.ts';
import { VERSION } from '../version.ts';
import { wire } from '../wire.ts';
import { banner } from './banner.ts';
import type { Terminal } from './command.ts';
import { keysOf } from './keys.ts';
import { untilStopped } from './stop.ts';
import { startSupervised } from './supervised.ts';

export async function start(args: readonly string[], terminal: Terminal, world: World): Promise<number> {
  const { settings, words } = loadConfig(args, terminal.env);
  const names = servicesNamed(words);
  refuseTestPartsInPublic(settings, names);
  refuseProcessesThatCannotBe(settings, names);
  if (settings.supervised) return startSupervised(settings, names, terminal, world);
  try {
    const lock = takeDataDir(settings.dataDir);
    const keys = keysOf(settings.dataDir, world);
    const running = await wire(settings, names, keys);
    // Listened for before anybody is told that everything runs: whoever reads it may stop it at once.
    const stopped = untilStopped(running, terminal, world);
    terminal.out(await banner(VERSION, running, settings.lan));
    const code = await stopped.finally(() => running.abandon());
    lock.release();
    return code;
  } catch (error) {
    throw asOperatorError(error, settings);
  }
}

function servicesNamed(words: readonly string[]): readonly ServiceName[] {
  const unknown = words.find((word) => !SERVICES.some((name) => name === word));
  if (unknown !== undefined) {
    throw new OperatorError('unknown-service', { service: unknown, services: SERVICES.join(', ') });
  }
  return SERVICES.filter((name) => words.length === 0 || words.includes(name));
}

/** Under a public address nobody must be able to buy for nothing, or wait for a mail that stays here. */
function refuseTestPartsInPublic({ url, demo, smtp }: Settings, names: readonly ServiceName[]): void {
  if (demo || !url.startsWith('https:')) return;
  // There is no other till yet: this becomes a question of settings with the first real provider.
  if (names.includes('web')) throw new OperatorError('test-till-public', { url });
  if (names.includes('mailer') && smtp === '') throw new OperatorError('outbox-public', { url });
}

/** Combinations with game processes that cannot work. */
function refuseProcessesThatCannotBe(
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

function takeDataDir(dir: string): { release(): void } {
  try {
    prepareDataDir(dir);
  } catch (error) {
    throw asDataDirError(error, dir);
  }
  const lock = lockFile(join(dir, 'lock'));
  if (!lock.ok) throw new OperatorError('data-dir-in-use', { dir });
  return lock;
}
