/** Sets of record kinds that the server checks. In a separate file, so that pages do not load them. */
import { RecordKind } from './kind.ts';

/** The kinds that a player's page may send. */
export const SENDABLE_KINDS: ReadonlySet<number> = new Set([
  RecordKind.finish,
  RecordKind.pause,
  RecordKind.resume,
  RecordKind.move,
  RecordKind.chat,
  RecordKind.note,
]);

/** The kinds whose bodies may be erased on request; game state must not depend on them (I11). */
export const PERSONAL_KINDS: ReadonlySet<number> = new Set([RecordKind.chat, RecordKind.note]);
