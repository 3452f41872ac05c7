/** The only file that names adapters: settings → ports → services. */
import type { Settings } from './config.ts';
import type { Keyring } from './lib/keyring.ts';
import type { Running, ServiceName } from './running.ts';

export async function wire(_: Settings, names: readonly ServiceName[], _keys: Keyring): Promise<Running> {
  throw new Error(`the services ${names.join(', ')} are not wired`);
}
