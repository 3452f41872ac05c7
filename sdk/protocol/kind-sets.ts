/** What the server asks of a kind. Apart from the kinds, so that no page loads it. */
import { RecordKind } from './kind.ts';

/** The kinds that a player's page may send. */
export const SENDABLE: ReadonlySet<number> = new Set([
  RecordKind.finish,
  RecordKind.pause,
  RecordKind.resume,
  RecordKind.move,
  RecordKind.chat,
  RecordKind.note,
]);

/** The kinds whose bodies may be erased on request; no state may depend on them. */
export const PERSONAL: ReadonlySet<number> = new Set([RecordKind.chat, RecordKind.note]);
