/** The protocol's version and the fingerprint of its schema, which a test compares. */
import { describe, type Fields, type Message } from './message.ts';
import { DOWN } from './down.ts';
import { UP, UP_BY_HAND } from './up.ts';

/** What pages of this release speak. Servers serve the version before it, too: src/services/game/socket/version-adapter.ts. */
export const PROTOCOL_VERSION = 1;

/** One line per message; whoever changes it raises PROTOCOL_VERSION and the hash in the test. */
export function schema(): string {
  const declared = [...UP, ...DOWN] as readonly Message<Fields>[];
  return [...declared.map(describe), ...UP_BY_HAND].sort().join('\n');
}
