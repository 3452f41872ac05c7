/** The database at the beginning of a run: three rooms and their seats. */
import type { Kysely } from 'kysely';
import { insertEntitlement } from '../../src/ports/main-db/queries/entitlements.ts';
import { createRoom } from '../../src/ports/main-db/queries/rooms.ts';
import { assignSeat } from '../../src/ports/main-db/queries/seats.ts';
import type { Schema } from '../../src/ports/main-db/schema.ts';
import { makeDatabase } from './database.ts';
import { STARTS_AT } from './scheduler.ts';

export const ROOMS: readonly string[] = ['a', 'b', 'c'].map((letter) => letter.repeat(20));
const SEATS_MAX = 6;

let made: Uint8Array | null = null;

/** Call once before the first run of a process: afterwards everything is synchronous. */
export async function prepareSeedData(): Promise<void> {
  made ??= await makeDatabase(insertSeedData);
}

export function seedData(): Uint8Array {
  if (made === null) throw new Error('prepareSeedData was not called');
  return made;
}

export function entitlementOf(room: string): string {
  return `e-${room}`;
}

export function seatsOf(room: string): readonly number[] {
  return room === ROOMS[0] ? [1, 2, 3] : [1, 2];
}

/** The token of a seat's first device. */
export function firstToken(seat: number): string {
  return `${seat}a`;
}

async function insertSeedData(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const room of ROOMS) {
      const entitlement = entitlementOf(room);
      await insertEntitlement(tx, {
        id: entitlement,
        order_id: null,
        game: 'order',
        kind: 'free',
        secret_hash: `hash ${room}`,
        secret_sealed: 's',
        generation: 1,
        room: null,
        created_at: 0,
        first_played_at: null,
      });
      await createRoom(tx, {
        id: room,
        entitlement,
        game: 'order',
        rules_hash: 'x',
        seed: 0,
        locale: 'en',
        options: '{}',
        region: 'local',
        log: 'journal',
        created_at: 0,
        started_at: STARTS_AT,
        end_token: `end ${room}`,
      });
      for (const seat of seatsOf(room)) {
        const device_hash = firstToken(seat);
        const name = `seat ${seat}`;
        const row = { entitlement, name, colour: 'red', device_hash, generation: 1, taken_at: 0 };
        await assignSeat(tx, { ...row, max: SEATS_MAX });
      }
    }
  });
}
