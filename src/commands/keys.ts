/** Opens the keyring of an installation. */
import { OperatorError } from '../errors.ts';
import type { Keyring } from '../ports/keyring/keyring.ts';
import { openKeyring } from '../ports/keyring/keyring.file.ts';
import type { World } from '../lib/world.ts';

/** Makes the key file if there is none. Throws an OperatorError if it cannot be used. */
export function keysOf(dataDir: string, world: World): Keyring {
  const opened = openKeyring(dataDir, world.random.bytes);
  if (!opened.ok) throw new OperatorError('keys-unreadable', opened);
  return opened.keys;
}
