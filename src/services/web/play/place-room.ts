/** Assigns rooms to slots. */
import type { Tx } from '../../../ports/main-db/main-db.ts';
import { setOwner } from '../../../ports/main-db/queries/rooms.ts';
import type { RoomOwnerRow } from '../../../ports/main-db/schema.ts';
import type { WebDeps } from '../deps.ts';

/**
 * Runs in a transaction, which may be repeated: after it has committed, the caller reserves the room's place with
 * `placement.reserve(owner.slot)`. Returns null if no slot is ready, or if the room no longer belongs to `from`.
 */
export async function assignOwner(
  tx: Tx,
  { placement }: Pick<WebDeps, 'placement'>,
  room: string,
  from: RoomOwnerRow | null,
): Promise<RoomOwnerRow | null> {
  const chosen = placement.choose();
  if (!chosen) return null;
  const owner = { room, slot: chosen.slot, boot_id: chosen.bootId, epoch: from?.epoch ?? 0 };
  return (await setOwner(tx, owner, from)) ? owner : null;
}

/** Assigns a room that no slot serves to a slot, in its own transaction. */
export async function placeRoom(
  deps: Pick<WebDeps, 'db' | 'placement'>,
  room: string,
  from: RoomOwnerRow | null,
): Promise<RoomOwnerRow | null> {
  const owner = await deps.db.write((tx) => assignOwner(tx, deps, room, from));
  if (owner) deps.placement.reserve(owner.slot);
  return owner;
}
