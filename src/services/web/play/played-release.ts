/** Finds the release that a team plays. */
import type { Reader } from '../../../ports/main-db/main-db.ts';
import {
  currentRelease,
  newestReleaseWithRules,
  type Release,
} from '../../../ports/main-db/queries/releases.ts';
import { roomById } from '../../../ports/main-db/queries/rooms.ts';
import type { EntitlementRow, RoomRow } from '../../../ports/main-db/schema.ts';

/**
 * Before a team has entered: the game's current release, or null if the game was withdrawn. Afterwards: see
 * `releaseOfRoom`.
 */
export async function releaseOfEntitlement(
  read: Reader,
  entitlement: EntitlementRow,
): Promise<Release | null> {
  const room = entitlement.room === null ? null : await roomById(read, entitlement.room);
  return room ? releaseOfRoom(read, room) : currentRelease(read, entitlement.game);
}

/** The newest release with the rules that the room has pinned. */
export function releaseOfRoom(read: Reader, room: RoomRow): Promise<Release | null> {
  return newestReleaseWithRules(read, room.game, room.rules_hash);
}
