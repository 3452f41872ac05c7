/** Makes a data folder with many rooms, and returns a ticket for each player. */
import { makeLoadRooms, type PlayerTicket } from '../../src/commands/load/load-rooms.ts';
import { realWorld } from '../../src/lib/world.real.ts';

export type { PlayerTicket };

/** All rooms are in slot h1. */
export function makeRooms(dataDir: string, rooms: number, players: number): Promise<PlayerTicket[][]> {
  return makeLoadRooms({ dataDir, rooms, players, name: 'bench', slotOf: () => 'h1' }, realWorld);
}
