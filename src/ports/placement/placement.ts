/**
 * Which slot a room is served by, and how a page reaches it. Adapters: `placement.local.ts` (all rooms in
 * this process), `placement.slots.ts` (slots with a process and a port each).
 */
export interface RoomPlacement {
  /** The slot for a new room: of those that are ready, the one with the fewest rooms. null = none is ready. */
  choose(): Placement | null;
  /** Counts a room for the slot from now on, before the slot has opened it. */
  reserve(slot: string): void;
  /** The address of a room's socket: a path of this site's origin, or a full `ws://` address. */
  socketAddress(slot: string, room: string): string;
  /** Any slot, for the lobby's check that sockets can be opened at all. */
  anySlot(): string;
  /** Origins, other than this site's own, under which sockets are reached (`ws://127.0.0.1:8081`). */
  socketOrigins(): readonly string[];
}

export interface Placement {
  readonly slot: string;
  /** The boot id of the process that serves the slot now. */
  readonly bootId: string;
}

/** A slot that is served by a process of its own, as placement sees it. */
export interface PlacementSlot {
  readonly name: string;
  /** null while no process serves the slot. */
  readonly place: Placement | null;
  /** Open rooms, and rooms that were reserved a moment ago. */
  readonly rooms: number;
  /** The port of its process; null until it listened for the first time. */
  readonly port: number | null;
  expectRoom(): void;
}
