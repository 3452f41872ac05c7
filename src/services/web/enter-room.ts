/** Entering: the first who enters makes the room and pins the rules; all others find it made. */
import { newId } from '../../domain/id.ts';
import { newSecret } from '../../domain/secret.ts';
import type { ReleaseManifest } from '../../domain/release.ts';
import { currentRelease, newestReleaseWithRules } from '../../ports/main-db/queries/releases.ts';
import { createRoom, roomById, setOwner } from '../../ports/main-db/queries/rooms.ts';
import type { Reader, Tx } from '../../ports/main-db/main-db.ts';
import type { EntitlementRow, ReleaseRow, RoomOwnerRow, RoomRow } from '../../ports/main-db/schema.ts';
import type { WebDeps } from './deps.ts';

/** A release with its manifest read. */
export interface PlayedRelease {
  readonly row: ReleaseRow;
  readonly manifest: ReleaseManifest;
}

/**
 * What a team plays: the newest views for the rules its room pinned; before there is a room, the
 * game on sale. null = the game was withdrawn before the team began.
 */
export async function releaseFor(read: Reader, entitlement: EntitlementRow): Promise<PlayedRelease | null> {
  const room = entitlement.room === null ? null : await roomById(read, entitlement.room);
  return room ? releaseOfRoom(read, room) : parseRelease(await currentRelease(read, entitlement.game));
}

export async function releaseOfRoom(read: Reader, room: RoomRow): Promise<PlayedRelease | null> {
  return parseRelease(await newestReleaseWithRules(read, room.game, room.rules_hash));
}

function parseRelease(row: ReleaseRow | null): PlayedRelease | null {
  return row && { row, manifest: JSON.parse(row.manifest) as ReleaseManifest };
}

/** Gives the room to a slot if it still belongs to `from`; null = no slot is ready, or it was moved meanwhile. */
export async function placeRoom(
  tx: Tx,
  { placement }: WebDeps,
  room: string,
  from: RoomOwnerRow | null,
): Promise<RoomOwnerRow | null> {
  const place = placement.choose();
  if (!place) return null;
  const owner = { room, slot: place.slot, boot_id: place.bootId, epoch: from?.epoch ?? 0 };
  if (!(await setOwner(tx, owner, from))) return null;
  placement.reserve(place.slot);
  return owner;
}

/** Inside the caller's transaction. null = the game was withdrawn before the team began. */
export async function enterRoom(
  tx: Tx,
  deps: WebDeps,
  entitlement: EntitlementRow,
  locale: string,
): Promise<RoomRow | null> {
  if (entitlement.room !== null) return roomById(tx, entitlement.room);
  const release = await currentRelease(tx, entitlement.game);
  if (!release) return null;
  const { random, clock } = deps.world;
  const now = clock.now();
  const { created, room } = await createRoom(tx, {
    id: newId(random),
    entitlement: entitlement.id,
    game: entitlement.game,
    rules_hash: release.rules_hash,
    seed: new DataView(Uint8Array.from(random.bytes(4)).buffer).getUint32(0),
    locale,
    options: '{}',
    region: 'local',
    log: 'journal',
    created_at: now,
    started_at: now,
    end_token: newSecret(random),
  });
  if (created) {
    // With no slot ready the room is placed by the first page that joins it.
    await placeRoom(tx, deps, room.id, null);
  }
  return room;
}
