/** Entering a game: the first player to enter creates the room and pins the rules; all others join it. */
import { newId } from '../../../domain/id.ts';
import { newSecret } from '../../../domain/secret.ts';
import { currentRelease } from '../../../ports/main-db/queries/releases.ts';
import { createRoom, roomById } from '../../../ports/main-db/queries/rooms.ts';
import type { Tx } from '../../../ports/main-db/main-db.ts';
import type { EntitlementRow, RoomOwnerRow, RoomRow } from '../../../ports/main-db/schema.ts';
import type { WebDeps } from '../deps.ts';
import { saveSeat, type SeatChange } from '../lobby/lobby.ts';
import type { Team } from '../lobby/team.ts';
import { assignOwner } from './place-room.ts';

/** Takes a seat if the device has none, and creates the room if there is none; returns null without a seat or game. */
export async function enterRoom(
  deps: WebDeps,
  { entitlement, manifest }: Team,
  deviceHash: string,
  change: SeatChange,
  locale: string,
): Promise<RoomRow | null> {
  const entered = await deps.db.write(async (tx) => {
    const seated = await saveSeat(tx, deps, entitlement, manifest.players.max, deviceHash, change);
    return seated.ok ? findOrCreateRoom(tx, deps, entitlement, locale) : null;
  });
  // After the commit: a transaction that is repeated must not reserve twice.
  if (entered?.owner) deps.placement.reserve(entered.owner.slot);
  return entered?.room ?? null;
}

interface EnteredRoom {
  readonly room: RoomRow;
  /** Set if this call assigned the room to a slot. */
  readonly owner: RoomOwnerRow | null;
}

/** Returns null if the game was withdrawn before the team entered. */
async function findOrCreateRoom(
  tx: Tx,
  deps: WebDeps,
  entitlement: EntitlementRow,
  locale: string,
): Promise<EnteredRoom | null> {
  if (entitlement.room !== null) {
    const room = await roomById(tx, entitlement.room);
    return room && { room, owner: null };
  }
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
  // Without a ready slot the room is placed by the first page that joins it.
  return { room, owner: created ? await assignOwner(tx, deps, room.id, null) : null };
}
