/** Results of rooms, computed by the stats service. */
import type { Reader, Tx } from '../main-db.ts';
import type { ResultRow } from '../schema.ts';

/** Replaces an earlier result of the room. */
export async function storeResult(tx: Tx, result: ResultRow): Promise<void> {
  const { room: _, ...rest } = result;
  await tx
    .insertInto('results')
    .values(result)
    .onConflict((conflict) => conflict.column('room').doUpdateSet(rest))
    .execute();
}

export async function resultByRoom(read: Reader, room: string): Promise<ResultRow | null> {
  const found = await read.selectFrom('results').selectAll().where('room', '=', room).executeTakeFirst();
  return found ?? null;
}

/** Durations (ms, rising) of all finished teams of a game under the same rules, without `exceptRoom`. */
export async function finishedDurations(
  read: Reader,
  game: string,
  rulesHash: string,
  exceptRoom: string,
): Promise<readonly number[]> {
  const rows = await read
    .selectFrom('results')
    .select('duration_ms')
    .where('game', '=', game)
    .where('rules_hash', '=', rulesHash)
    .where('finished', '=', 1)
    .where('room', '!=', exceptRoom)
    .orderBy('duration_ms')
    .execute();
  return rows.map((row) => row.duration_ms);
}
