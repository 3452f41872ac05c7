/** Rooms: creation, look-up, loading, ownership. */
import { sql } from 'kysely';
import type { EpochStart } from '../../../domain/room.ts';
import type { RoomLimits } from '../../../domain/room-limits.ts';
import type { MainDb, Reader, Tx } from '../main-db.ts';
import type { RoomClientRow, RoomOwnerRow, RoomRow, SeatRow } from '../schema.ts';
import { archivedBytesQuery } from './archive.ts';
import { compileOnce } from './compiled.ts';
import { limitsOfRelease } from './releases.ts';
import { seatsQuery } from './seats.ts';

/** A new room; its archive is empty. */
export type NewRoom = Omit<
  RoomRow,
  'archived_upto' | 'archived_epoch' | 'archived_ms' | 'finished_at' | 'quarantined'
>;

/**
 * Creates the room of an entitlement and stores its id there. When two players press Enter at once, one
 * room is created: the other caller gets it with `created: false`. Throws if the entitlement is unknown.
 */
export async function createRoom(
  tx: Tx,
  room: NewRoom,
): Promise<{ readonly created: boolean; readonly room: RoomRow }> {
  // The entitlement is updated before the room is inserted. In the reverse order PostgreSQL's foreign key check would
  // give both callers a shared lock on the entitlement, and both updates would wait for each other: a deadlock.
  const { numUpdatedRows } = await tx
    .updateTable('entitlements')
    .set({ room: room.id })
    .where('id', '=', room.entitlement)
    .where('room', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) {
    const present = await roomByEntitlement(tx, room.entitlement);
    if (!present) throw new Error(`no entitlement ${room.entitlement}`);
    return { created: false, room: present };
  }
  const row: RoomRow = {
    ...room,
    archived_upto: 0,
    archived_epoch: 0,
    archived_ms: 0,
    finished_at: null,
    quarantined: null,
  };
  await tx.insertInto('rooms').values(row).execute();
  return { created: true, room: row };
}

export async function roomById(read: Reader, id: string): Promise<RoomRow | null> {
  const found = await read.selectFrom('rooms').selectAll().where('id', '=', id).executeTakeFirst();
  return found ?? null;
}

export async function roomByEntitlement(read: Reader, entitlement: string): Promise<RoomRow | null> {
  const found = await read
    .selectFrom('rooms')
    .innerJoin('entitlements', 'entitlements.room', 'rooms.id')
    .selectAll('rooms')
    .where('entitlements.id', '=', entitlement)
    .executeTakeFirst();
  return found ?? null;
}

/** For the end page. */
export async function roomByEndToken(read: Reader, endToken: string): Promise<RoomRow | null> {
  const found = await read
    .selectFrom('rooms')
    .selectAll()
    .where('end_token', '=', endToken)
    .executeTakeFirst();
  return found ?? null;
}

/** Everything the game service needs to open a room, from one snapshot. */
export interface LoadedRoom {
  readonly room: RoomRow;
  /** The link's current generation: passes of older ones are refused. */
  readonly generation: number;
  /** Archived epochs, rising; empty for a room that was never swept. */
  readonly epochs: readonly EpochStart[];
  /** Archived dedupe state by number, rising. */
  readonly clients: readonly RoomClientRow[];
  readonly owner: RoomOwnerRow | null;
  /** By seat, rising. */
  readonly seats: readonly SeatRow[];
  /** Bytes of the room's chunks before compression; they count towards the room's limit. */
  readonly archivedBytes: number;
  /** The game's limits, from the newest release with the room's rules. */
  readonly limits?: Partial<RoomLimits> | undefined;
}

/** null = no such room. */
export async function loadRoom(db: MainDb, id: string): Promise<LoadedRoom | null> {
  // One snapshot: a sweep that commits in between must not combine an old head with new clients.
  const [found, epochs, clients, owners, seats, sums, releases] = await db.snapshot(loadQueries(db.read, id));
  if (!found[0]) return null;
  const { link_generation: generation, ...room } = found[0];
  const archivedBytes = sums[0]?.bytes ?? 0;
  const limits = releases[0] && limitsOfRelease(releases[0]);
  return { room, generation, epochs, clients, owner: owners[0] ?? null, seats, archivedBytes, limits };
}

/** After a restart thousands of rooms are loaded at once, and Kysely takes longer to compile these queries than SQLite to run them. */
const loadQueries = compileOnce((read, id: string) => [
  read
    .selectFrom('rooms')
    .innerJoin('entitlements', 'entitlements.id', 'rooms.entitlement')
    .selectAll('rooms')
    .select('entitlements.generation as link_generation')
    .where('rooms.id', '=', id)
    .compile(),
  read
    .selectFrom('room_epochs')
    .select(['epoch', 'first_seq as firstSeq'])
    .where('room', '=', id)
    .orderBy('epoch')
    .compile(),
  read.selectFrom('room_clients').selectAll().where('room', '=', id).orderBy('number').compile(),
  read.selectFrom('room_owners').selectAll().where('room', '=', id).compile(),
  seatsQuery(read, id).compile(),
  archivedBytesQuery(read, id).compile(),
  read
    .selectFrom('releases')
    .innerJoin('rooms', (join) =>
      join.onRef('rooms.game', '=', 'releases.game').onRef('rooms.rules_hash', '=', 'releases.rules_hash'),
    )
    .select(['releases.id', 'releases.game', 'releases.manifest'])
    .where('rooms.id', '=', id)
    .orderBy('releases.is_current', 'desc')
    .orderBy('releases.published_at', 'desc')
    .orderBy('releases.id')
    .limit(sql.lit(1))
    .compile(),
]);

export async function ownerOf(read: Reader, room: string): Promise<RoomOwnerRow | null> {
  const found = await read.selectFrom('room_owners').selectAll().where('room', '=', room).executeTakeFirst();
  return found ?? null;
}

/**
 * Moves a room to `owner` if it still belongs to `from` (null = no owner); false when it does not.
 * The directory only says where a room is reached: the room log's fence decides who may write (I5).
 */
export async function setOwner(tx: Tx, owner: RoomOwnerRow, from: RoomOwnerRow | null): Promise<boolean> {
  if (from === null) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('room_owners')
      .values(owner)
      .onConflict((conflict) => conflict.column('room').doNothing())
      .executeTakeFirst();
    return (numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
  const { numUpdatedRows } = await tx
    .updateTable('room_owners')
    .set({ slot: owner.slot, boot_id: owner.boot_id, epoch: owner.epoch })
    .where('room', '=', owner.room)
    .where('slot', '=', from.slot)
    .where('boot_id', '=', from.boot_id)
    .where('epoch', '=', from.epoch)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Blocks the room until the studio has checked it. The first reason is kept. With `archivedUpto`: only if the archive
 * still ends there, for callers whose reason depends on it. False when nothing was changed.
 */
export async function quarantineRoom(
  tx: Tx,
  room: string,
  reason: string,
  archivedUpto?: number,
): Promise<boolean> {
  let update = tx
    .updateTable('rooms')
    .set({ quarantined: reason })
    .where('id', '=', room)
    .where('quarantined', 'is', null);
  if (archivedUpto !== undefined) update = update.where('archived_upto', '=', archivedUpto);
  const { numUpdatedRows } = await update.executeTakeFirst();
  return numUpdatedRows > 0n;
}
