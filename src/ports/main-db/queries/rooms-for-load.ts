/** Inserts many rooms at once, each with a free entitlement: for load tests and benchmarks, in their own data folder. */
import type { Tx } from '../main-db.ts';
import type { EntitlementRow, RoomRow } from '../schema.ts';

/** The engines limit the number of values in one statement. */
const ROOMS_PER_STATEMENT = 500;

/** `game` does not have to be published: rooms load without a release. The entitlements have no valid links. */
export async function insertRoomsForLoad(
  tx: Tx,
  ids: readonly string[],
  game: string,
  now: number,
): Promise<void> {
  for (let from = 0; from < ids.length; from += ROOMS_PER_STATEMENT) {
    const part = ids.slice(from, from + ROOMS_PER_STATEMENT);
    await tx
      .insertInto('entitlements')
      .values(part.map((id) => entitlement(id, game, now)))
      .execute();
    await tx
      .insertInto('rooms')
      .values(part.map((id) => room(id, game, now)))
      .execute();
  }
}

function entitlement(id: string, game: string, now: number): EntitlementRow {
  return {
    id: `e-${id}`,
    order_id: null,
    game,
    kind: 'free',
    secret_hash: id,
    secret_sealed: '',
    generation: 0,
    room: id,
    created_at: now,
    first_played_at: null,
  };
}

function room(id: string, game: string, now: number): RoomRow {
  return {
    id,
    entitlement: `e-${id}`,
    game,
    rules_hash: game,
    seed: 1,
    locale: 'en',
    options: '{}',
    region: 'local',
    log: 'journal',
    created_at: now,
    started_at: now,
    archived_upto: 0,
    archived_epoch: 0,
    archived_ms: 0,
    finished_at: null,
    end_token: id,
    quarantined: null,
  };
}
