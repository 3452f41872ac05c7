/** Placement when all rooms are served by this process, on one port. */
import { socketPath } from '../../domain/room.ts';
import type { RoomPlacement } from './placement.ts';

export function localPlacement(slot: string, bootId: string): RoomPlacement {
  return {
    choose: () => ({ slot, bootId }),
    reserve: () => {},
    socketAddress: socketPath,
    anySlot: () => slot,
    socketOrigins: () => NO_ORIGINS,
  };
}

/** Always the same array: callers cache headers by its identity. */
const NO_ORIGINS: readonly string[] = [];
