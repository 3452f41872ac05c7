/** Placement when rooms are served by several processes, each with its own port. */
import { socketPath } from '../../domain/room.ts';
import type { PlacementSlot, RoomPlacement } from './placement.ts';

const NONE: readonly string[] = [];

export interface SlotPlacementOptions {
  /** The site's address; sockets are reached at its host name. */
  readonly url: string;
  /** A load balancer in front of the ports routes `/h/<slot>/…`: pages and sockets have one origin. */
  readonly balanced: boolean;
}

export function slotPlacement(
  slots: readonly PlacementSlot[],
  { url, balanced }: SlotPlacementOptions,
): RoomPlacement {
  const { hostname } = new URL(url);
  const origin = (port: number) => `ws://${hostname}:${port}`;
  const ready = () => slots.filter(({ placement }) => placement !== null);
  let origins = NONE;
  return {
    choose: () => ready().reduce<PlacementSlot | null>(withFewerRooms, null)?.placement ?? null,
    reserve: (name) => slots.find((slot) => slot.name === name)?.reserve(),
    socketAddress(name, room) {
      const port = balanced ? null : (slots.find((slot) => slot.name === name)?.port ?? null);
      return `${port === null ? '' : origin(port)}${socketPath(name, room)}`;
    },
    anySlot: () => (ready()[0] ?? slots[0])?.name ?? 'h1',
    socketOrigins() {
      if (balanced) return NONE;
      const now = slots.flatMap(({ port }) => (port === null ? [] : [origin(port)]));
      // The same array while nothing changed: callers cache headers by its identity.
      if (now.join() !== origins.join()) origins = now;
      return origins;
    },
  };
}

function withFewerRooms(best: PlacementSlot | null, next: PlacementSlot): PlacementSlot {
  return best === null || next.rooms < best.rooms ? next : best;
}
