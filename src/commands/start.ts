/** `escapement start`: checks what would go wrong later, starts the services, stops them in order. */
import { join } from 'node:path';
import { loadConfig } from '../config.load.ts';
import type { Settings } from '../config.ts';
import { asDataDirError, asOperatorError, OperatorError } from '../errors.ts';
import { prepareDataDir } from '../lib/data-dir.real.ts';
import { openKeyring } from '../lib/keyring.real.ts';
import { lockFile } from '../lib/lock.real.ts';
import type { World } from '../lib/world.ts';
import { type ServiceName, SERVICES } from '../running.ts';
import { VERSION } from '../version.ts';
import { wire } from '../wire.ts';
import { banner } from './banner.ts';
import type { Terminal } from './command.ts';
import { untilStopped } from './stop.ts';

export async function start(args: readonly string[], terminal: Terminal, world: World): Promise<number> {
  const { settings, words } = loadConfig(args, terminal.env);
  const names = servicesNamed(words);
  refuseTestPartsInPublic(settings, names);
  try {
    const lock = takeDataDir(settings.dataDir);
    const keys = keysOf(settings.dataDir, world);
    const running = await wire(settings, names, keys);
    // Listened for before anybody is told that everything runs: whoever reads it may stop it at once.
    const stopped = untilStopped(running, terminal, world);
    terminal.out(await banner(VERSION, running, settings.lan));
    const code = await stopped;
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

function keysOf(dir: string, world: World) {
  const opened = openKeyring(dir, world.random.bytes);
  if (!opened.ok) throw new OperatorError('keys-unreadable', opened);
  return opened.keys;
}
