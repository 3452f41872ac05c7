/** Makes rooms in a data folder, and a ticket for each player, for loads and benchmarks. */
import { join } from 'node:path';
import { signPass } from '../../domain/pass.ts';
import { socketPath } from '../../domain/room.ts';
import type { World } from '../../lib/world.ts';
import { openSqlite } from '../../ports/main-db/main-db.sqlite.ts';
import { insertRoomsForLoad } from '../../ports/main-db/queries/rooms-for-load.ts';
import { keysOf } from '../keys.ts';

export interface PlayerTicket {
  readonly path: string;
  readonly ticket: string;
}

export interface LoadRoomsOptions {
  /** No server may have it open. */
  readonly dataDir: string;
  readonly rooms: number;
  readonly players: number;
  /** Prefix of the room ids; letters a to z. */
  readonly name: string;
  /** Returns the slot that serves room number `index`. */
  slotOf(index: number): string;
}

const TICKET_MS = 3 * 3_600_000;
const ID_LENGTH = 20;

/** Returns the tickets by room and player. Makes keys and database if there are none. */
export async function makeLoadRooms(
  { dataDir, rooms, players, name, slotOf }: LoadRoomsOptions,
  world: World,
): Promise<PlayerTicket[][]> {
  const keys = keysOf(dataDir, world);
  const now = world.clock.now();
  const ids = Array.from(
    { length: rooms },
    (_, index) => name + String(index).padStart(ID_LENGTH - name.length, '0'),
  );
  const db = await openSqlite({
    path: join(dataDir, 'main.sqlite'),
    onLost: (error) => {
      throw error;
    },
  });
  try {
    await db.write((tx) => insertRoomsForLoad(tx, ids, name, now));
  } finally {
    await db.close();
  }
  const expires = now + TICKET_MS;
  return ids.map((room, index) =>
    Array.from({ length: players }, (_, player) => {
      const seat = player + 1;
      const claims = { room, seat, observer: false, device: `${player}`, generation: 0, expires };
      return { path: socketPath(slotOf(index), room), ticket: signPass(claims, keys.pass) };
    }),
  );
}
