/** Counts and lists for the studio's admin page. */
import type { Reader } from '../main-db.ts';
import type { PaymentEventRow } from '../schema.ts';

export interface StateCount {
  readonly state: string;
  readonly count: number;
}

export async function orderCounts(read: Reader): Promise<readonly StateCount[]> {
  const rows = await read
    .selectFrom('orders')
    .select((row) => ['state', row.fn.countAll().as('count')])
    .groupBy('state')
    .orderBy('state')
    .execute();
  return rows.map((row) => ({ state: row.state, count: Number(row.count) }));
}

export interface RoomCounts {
  readonly all: number;
  readonly finished: number;
  readonly quarantined: number;
}

export async function roomCounts(read: Reader): Promise<RoomCounts> {
  const row = await read
    .selectFrom('rooms')
    .select((of) => [
      of.fn.countAll().as('all'),
      of.fn.count('finished_at').as('finished'),
      of.fn.count('quarantined').as('quarantined'),
    ])
    .executeTakeFirstOrThrow();
  return {
    all: Number(row.all),
    finished: Number(row.finished),
    quarantined: Number(row.quarantined),
  };
}

/** For events that the studio must check by hand; newest first. */
export async function paymentEventsByState(
  read: Reader,
  states: readonly string[],
  limit: number,
): Promise<readonly PaymentEventRow[]> {
  return read
    .selectFrom('payment_events')
    .selectAll()
    .where('state', 'in', states)
    .orderBy('received_at', 'desc')
    .orderBy('event_id')
    .limit(limit)
    .execute();
}
