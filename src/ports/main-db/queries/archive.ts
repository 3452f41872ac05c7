/** The archive of rooms: chunks, and the state that is stored with them in one transaction (I10). */
import type { EpochStart } from '../../../domain/room.ts';
import type { Reader, Tx } from '../main-db.ts';
import type { ChunkRow, RoomClientRow, RoomRow } from '../schema.ts';

/** Up to `limit` chunks with records after `afterSeq`, oldest first; the first may begin before it. */
export async function readChunks(
  read: Reader,
  room: string,
  afterSeq: number,
  limit: number,
): Promise<readonly ChunkRow[]> {
  return read
    .selectFrom('chunks')
    .selectAll()
    .where('room', '=', room)
    .where('last_seq', '>', afterSeq)
    .orderBy('last_seq')
    .limit(limit)
    .execute();
}

/** Bytes of the room's archived records before compression. */
export function archivedBytesQuery(read: Reader, room: string) {
  return read
    .selectFrom('chunks')
    .select((select) => select.cast<number | null>(select.fn.sum('raw_bytes'), 'bigint').as('bytes'))
    .where('room', '=', room);
}

/** What an archiver needs to continue a room's archive. */
export interface ArchiveState {
  readonly room: Pick<
    RoomRow,
    'id' | 'started_at' | 'archived_upto' | 'archived_epoch' | 'archived_ms' | 'finished_at' | 'quarantined'
  >;
  /** The entitlement's; null before the first archived move. */
  readonly firstPlayedAt: number | null;
  /** By number, rising. */
  readonly clients: readonly Omit<RoomClientRow, 'room'>[];
}

/** null = no such room. One statement: one snapshot, and cheap enough for a sweep of every room. */
export async function archiveState(read: Reader, id: string): Promise<ArchiveState | null> {
  const rows = await read
    .selectFrom('rooms as r')
    .innerJoin('entitlements as e', 'e.id', 'r.entitlement')
    .leftJoin('room_clients as c', 'c.room', 'r.id')
    .select(['r.id', 'r.started_at', 'r.archived_upto', 'r.archived_epoch', 'r.archived_ms'])
    .select(['r.finished_at', 'r.quarantined', 'e.first_played_at'])
    .select(['c.number', 'c.client_id', 'c.seat', 'c.last_seq'])
    .where('r.id', '=', id)
    .orderBy('c.number')
    .execute();
  const [first] = rows;
  if (!first) return null;
  const { number: _1, client_id: _2, seat: _3, last_seq: _4, first_played_at, ...room } = first;
  const clients = rows.flatMap(({ number, client_id, seat, last_seq }) =>
    number === null || client_id === null || seat === null || last_seq === null
      ? []
      : [{ number, client_id, seat, last_seq }],
  );
  return { room, firstPlayedAt: first_played_at, clients };
}

/** One step of a room's archive. */
export interface ArchiveStep {
  readonly room: string;
  /** The step is written only if `archived_upto` is exactly this. */
  readonly from: number;
  /** Contiguous from `from + 1`. */
  readonly chunks: readonly Omit<ChunkRow, 'room'>[];
  /** Seq, epoch and ms of the last record. */
  readonly to: { readonly seq: number; readonly epoch: number; readonly ms: number };
  /** Epochs that began in these chunks. */
  readonly epochs: readonly EpochStart[];
  /** Clients that are new or whose last seq rose. */
  readonly clients: readonly Omit<RoomClientRow, 'room'>[];
  /** Wall clock ms of the first move in these chunks; null if there is none. */
  readonly firstMoveAt: number | null;
  /** Wall clock ms of the finish in these chunks; null if there is none. The first one of a room counts. */
  readonly finishedAt: number | null;
}

/** False = `archived_upto` is not `from` (another archiver was faster), or no such room; nothing was written. */
export async function archiveChunks(tx: Tx, step: ArchiveStep): Promise<boolean> {
  assertContiguous(step);
  const { numUpdatedRows } = await tx
    .updateTable('rooms')
    .set((row) => ({
      archived_upto: step.to.seq,
      archived_epoch: step.to.epoch,
      archived_ms: step.to.ms,
      finished_at: row.fn.coalesce('finished_at', row.val(step.finishedAt)),
    }))
    .where('id', '=', step.room)
    .where('archived_upto', '=', step.from)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  // One statement per chunk: always the same SQL, and the engine's maximum of parameters does not matter.
  for (const chunk of step.chunks) {
    await tx
      .insertInto('chunks')
      .values({ room: step.room, ...chunk })
      .execute();
  }
  for (const { epoch, firstSeq } of step.epochs) {
    await tx.insertInto('room_epochs').values({ room: step.room, epoch, first_seq: firstSeq }).execute();
  }
  await upsertClients(tx, step);
  if (step.firstMoveAt !== null) await markPlayed(tx, step.room, step.firstMoveAt);
  return true;
}

async function upsertClients(tx: Tx, { room, clients }: ArchiveStep): Promise<void> {
  if (clients.length === 0) return;
  await tx
    .insertInto('room_clients')
    .values(clients.map((client) => ({ room, ...client })))
    .onConflict((conflict) =>
      conflict.columns(['room', 'number']).doUpdateSet((row) => ({ last_seq: row.ref('excluded.last_seq') })),
    )
    .execute();
}

async function markPlayed(tx: Tx, room: string, at: number): Promise<void> {
  await tx
    .updateTable('entitlements')
    .set({ first_played_at: at })
    .where('first_played_at', 'is', null)
    .where('id', '=', (query) => query.selectFrom('rooms').select('entitlement').where('id', '=', room))
    .execute();
}

function assertContiguous(step: ArchiveStep): void {
  let last = step.from;
  for (const chunk of step.chunks) {
    if (chunk.first_seq !== last + 1 || chunk.last_seq < chunk.first_seq) {
      throw new Error(`chunk ${chunk.first_seq}–${chunk.last_seq} does not follow ${last}`);
    }
    last = chunk.last_seq;
  }
  if (last !== step.to.seq || last === step.from)
    throw new Error(`chunks end at ${last}, not ${step.to.seq}`);
}
