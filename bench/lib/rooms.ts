/** A data folder with many rooms, as if as many teams had bought and entered, and their tickets. */
import { makeRooms as make, type PlayerPlace } from '../../src/commands/load/load-rooms.ts';
import { realWorld } from '../../src/lib/world.real.ts';

export type { PlayerPlace };

/** All in slot h1. */
export function makeRooms(dataDir: string, rooms: number, players: number): Promise<PlayerPlace[][]> {
  return make({ dataDir, rooms, players, name: 'bench', slotOf: () => 'h1' }, realWorld);
}
