/** A data folder with many rooms and a ticket for each player: for a load, and for the benchmarks. */
import { join } from 'node:path';
import { signPass } from '../../domain/pass.ts';
import { socketPath } from '../../domain/room.ts';
import type { World } from '../../lib/world.ts';
import { openSqlite } from '../../ports/main-db/main-db.sqlite.ts';
import { insertRoomsForLoad } from '../../ports/main-db/queries/rooms-for-load.ts';
import { keysOf } from '../keys.ts';

export interface PlayerPlace {
  readonly path: string;
  readonly ticket: string;
}

export interface RoomsPlan {
  /** A data folder that no server has open. */
  readonly dataDir: string;
  readonly rooms: number;
  readonly players: number;
  /** Stands before a number in the rooms' ids; letters a to z. */
  readonly name: string;
  /** The slot that serves room number `index`. */
  slotOf(index: number): string;
}

const TICKET_MS = 3 * 3_600_000;
const ID_LENGTH = 20;

/** Room by room, player by player. Makes keys and database where there are none. */
export async function makeRooms(
  { dataDir, rooms, players, name, slotOf }: RoomsPlan,
  world: World,
): Promise<PlayerPlace[][]> {
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
