/** Which processes serve rooms, and how a page reaches them: in the main process, or beside it. */
import { socketPath } from '../domain/room.ts';
import type { Place, Places } from '../services/web/deps.ts';

/** All rooms live in this very process, behind the one port. */
export function placesInMain(slot: string, bootId: string): Places {
  return {
    choose: () => ({ slot, bootId }),
    placed: () => {},
    socket: socketPath,
    anySlot: () => slot,
    socketOrigins: () => NONE,
  };
}

const NONE: readonly string[] = [];

/** A slot with a process of its own, as far as placing rooms goes. */
export interface PlacedSlot {
  readonly name: string;
  /** null while it serves nobody. */
  readonly place: Place | null;
  /** Rooms that are open there, and those that will soon be. */
  readonly rooms: number;
  /** null = it never listened yet. */
  readonly port: number | null;
  expectRoom(): void;
}

export interface PlacesOptions {
  /** Every link is built from it. */
  readonly url: string;
  /** A balancer stands before the ports and routes `/h/<slot>/…`: everything has one origin. */
  readonly balanced: boolean;
}

/** Rooms live in several processes, each with a port of its own. */
export function placesInProcesses(slots: readonly PlacedSlot[], { url, balanced }: PlacesOptions): Places {
  const { hostname } = new URL(url);
  const origin = (port: number) => `ws://${hostname}:${port}`;
  const ready = () => slots.filter(({ place }) => place !== null);
  let origins = NONE;
  return {
    choose: () => ready().reduce<PlacedSlot | null>(emptier, null)?.place ?? null,
    placed: (name) => slots.find((slot) => slot.name === name)?.expectRoom(),
    socket(name, room) {
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

function emptier(best: PlacedSlot | null, next: PlacedSlot): PlacedSlot {
  return best === null || next.rooms < best.rooms ? next : best;
}
