/** The installation's keys, or the sentence that says why they cannot be used. */
import { OperatorError } from '../errors.ts';
import type { Keyring } from '../ports/keyring/keyring.ts';
import { openKeyring } from '../ports/keyring/keyring.file.ts';
import type { World } from '../lib/world.ts';

export function keysOf(dataDir: string, world: World): Keyring {
  const opened = openKeyring(dataDir, world.random.bytes);
  if (!opened.ok) throw new OperatorError('keys-unreadable', opened);
  return opened.keys;
}
