/** Which processes serve rooms, and how a page reaches them: in the main process, or beside it. */
import { socketPath } from '../../domain/room.ts';
import type { PlacementSlot, RoomPlacement } from './placement.ts';

const NONE: readonly string[] = [];

export interface SlotPlacementOptions {
  /** Every link is built from it. */
  readonly url: string;
  /** A balancer stands before the ports and routes `/h/<slot>/…`: everything has one origin. */
  readonly balanced: boolean;
}

/** Rooms live in several processes, each with a port of its own. */
export function slotPlacement(
  slots: readonly PlacementSlot[],
  { url, balanced }: SlotPlacementOptions,
): RoomPlacement {
  const { hostname } = new URL(url);
  const origin = (port: number) => `ws://${hostname}:${port}`;
  const ready = () => slots.filter(({ place }) => place !== null);
  let origins = NONE;
  return {
    choose: () => ready().reduce<PlacementSlot | null>(emptier, null)?.place ?? null,
    reserve: (name) => slots.find((slot) => slot.name === name)?.expectRoom(),
    socketAddress(name, room) {
      const port = balanced ? null : (slots.find((slot) => slot.name === name)?.port ?? null);
      return `${port === null ? '' : origin(port)}${socketPath(name, room)}`;
    },
    anySlot: () => (ready()[0] ?? slots[0])?.name ?? 'h1',
    socketOrigins() {
      if (balanced) return NONE;
      const now = slots.flatMap(({ port }) => (port === null ? [] : [origin(port)]));
      // The same answer as long as nothing changed: who asks makes headers of it.
      if (now.join() !== origins.join()) origins = now;
      return origins;
    },
  };
}

function emptier(best: PlacementSlot | null, next: PlacementSlot): PlacementSlot {
  return best === null || next.rooms < best.rooms ? next : best;
}
