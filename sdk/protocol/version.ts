/** The protocol's version, and the schema of its frames, whose hash a test compares. */
import { describe, type Fields, type Message } from './message.ts';
import { DOWN } from './down.ts';
import { UP, UP_CUSTOM } from './up.ts';

/** The version of this release's pages. Servers also serve the version before it: src/services/game/socket/version-adapter.ts. */
export const PROTOCOL_VERSION = 1;

/** One line per message. A change needs a new PROTOCOL_VERSION and a new hash in version.test.ts. */
export function schema(): string {
  const declared = [...UP, ...DOWN] as readonly Message<Fields>[];
  return [...declared.map(describe), ...UP_CUSTOM].sort().join('\n');
}
