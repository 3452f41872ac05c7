/**
 * Which slot a room is served by, and how a page reaches it. Adapters: `placement.local.ts` (all rooms in
 * this process), `placement.slots.ts` (slots with a process and a port each).
 */
export interface RoomPlacement {
  /** The slot for a new room: of those that are ready, the one with the fewest rooms. null = none is ready. */
  choose(): Placement | null;
  /** Adds a room to the slot's count before the slot has opened it. Does nothing if the slot is unknown. */
  reserve(slot: string): void;
  /** The address of a room's socket: a path on this site's origin, or a full `ws://` address. */
  socketAddress(slot: string, room: string): string;
  /** Any slot, for the lobby's check that sockets can be opened at all. */
  anySlot(): string;
  /** Origins of sockets other than this site's own (`ws://127.0.0.1:8081`); the same array until they change. */
  socketOrigins(): readonly string[];
}

export interface Placement {
  readonly slot: string;
  /** The boot id of the process that serves the slot now. */
  readonly bootId: string;
}

/** A slot with its own process, as far as placement needs it. */
export interface PlacementSlot {
  readonly name: string;
  /** null while no process serves the slot. */
  readonly placement: Placement | null;
  /** Open rooms plus reserved rooms that are not counted yet. */
  readonly rooms: number;
  /** The port of its process; null until it has listened for the first time. */
  readonly port: number | null;
  reserve(): void;
}
