/** The lobby: who sits where, and what a player may change about it. */
import { cleanName, colourByCss, colourById, freeColour, type SeatColour } from '../../domain/seat.ts';
import { ownerOf } from '../../ports/main-db/queries/rooms.ts';
import {
  claimSeat,
  leaveSeat,
  seatOfDevice,
  seatsOf,
  takeSeat,
  updateSeat,
} from '../../ports/main-db/queries/seats.ts';
import type { Tx } from '../../ports/main-db/main-db.ts';
import type { EntitlementRow, SeatRow } from '../../ports/main-db/schema.ts';
import type { WebDeps } from './deps.ts';
import type { LobbyPresence } from './lobby-presence.ts';

/** What the lobby's page shows; also what its script gets as JSON. */
export interface LobbyState {
  /** The game has begun: this is its room. */
  readonly room: string | null;
  /** The visitor's own seat. */
  readonly mine: number | null;
  /** The visitor came to it through the present link; otherwise they have to enter once more. */
  readonly admitted: boolean;
  readonly full: boolean;
  readonly max: number;
  readonly seats: readonly LobbySeat[];
}

export interface LobbySeat {
  readonly seat: number;
  readonly name: string;
  /** Id of the colour, not its CSS. */
  readonly colour: SeatColour['id'];
  readonly ready: boolean;
  /** Looks at the lobby or plays. A seat whose holder is away may be claimed. */
  readonly here: boolean;
}

export async function lobbyState(
  deps: WebDeps,
  presence: LobbyPresence,
  entitlement: EntitlementRow,
  max: number,
  deviceHash: string | null,
): Promise<LobbyState> {
  const [rows, online] = await Promise.all([
    seatsOf(deps.db.read, entitlement.id),
    onlineSeats(deps, entitlement.room),
  ]);
  const here = (row: SeatRow) =>
    row.device_hash === deviceHash ||
    online.includes(row.seat) ||
    presence.isHere(entitlement.id, row.device_hash);
  const own = rows.find((row) => row.device_hash === deviceHash);
  return {
    room: entitlement.room,
    mine: own?.seat ?? null,
    admitted: own?.generation === entitlement.generation,
    full: rows.length >= max,
    max,
    seats: rows.map((row) => ({
      seat: row.seat,
      name: row.name,
      colour: colourByCss(row.colour).id,
      ready: row.ready === 1,
      here: here(row),
    })),
  };
}

async function onlineSeats(deps: WebDeps, room: string | null): Promise<readonly number[]> {
  const owner = room === null ? null : await ownerOf(deps.db.read, room);
  if (!owner) return [];
  return (await deps.control.watch(owner.slot, owner.room))?.onlineSeats ?? [];
}

export interface SeatWish {
  /** As typed; null = leave it, or take `fallbackName` when the seat is new. */
  readonly name: string | null;
  readonly colour: string | null;
  readonly ready: boolean | null;
  /** `Player {seat}` in the visitor's language. */
  readonly fallbackName: (seat: number) => string;
}

export type SitOutcome =
  | { readonly ok: true; readonly seat: SeatRow }
  | { readonly ok: false; readonly why: 'full' };

/** Takes a seat if the device has none, and gives it name, colour and ready mark. */
export async function sitDown(
  tx: Tx,
  deps: WebDeps,
  entitlement: EntitlementRow,
  max: number,
  deviceHash: string,
  wish: SeatWish,
): Promise<SitOutcome> {
  const mates = (await seatsOf(tx, entitlement.id)).filter((row) => row.device_hash !== deviceHash);
  const taken = mates.map(({ colour }) => colour);
  const wanted = wish.colour === null ? null : colourById(wish.colour);
  const name = wish.name === null ? null : cleanName(wish.name);
  const sat = await takeSeat(tx, {
    entitlement: entitlement.id,
    name: name ?? '',
    colour: freeColour(wanted, taken).css,
    device_hash: deviceHash,
    generation: entitlement.generation,
    taken_at: deps.world.clock.now(),
    max,
  });
  if (!sat.ok) return sat;
  const change = {
    name: name ?? (sat.seat.name || wish.fallbackName(sat.seat.seat)),
    colour: wanted ? freeColour(wanted, taken).css : sat.seat.colour,
    ready: wish.ready === null ? sat.seat.ready : Number(wish.ready),
    generation: entitlement.generation,
  };
  await updateSeat(tx, entitlement.id, deviceHash, change);
  return { ok: true, seat: { ...sat.seat, ...change } };
}

/** Gives the device a seat whose holder is away; false when nobody is, or it has one already. */
export async function claim(
  deps: WebDeps,
  presence: LobbyPresence,
  entitlement: EntitlementRow,
  seat: number,
  deviceHash: string,
): Promise<boolean> {
  const online = await onlineSeats(deps, entitlement.room);
  return deps.db.write(async (tx) => {
    if (await seatOfDevice(tx, entitlement.id, deviceHash)) return false;
    const held = (await seatsOf(tx, entitlement.id)).find((row) => row.seat === seat);
    if (!held || online.includes(seat) || presence.isHere(entitlement.id, held.device_hash)) return false;
    const claimed = await claimSeat(tx, {
      entitlement: entitlement.id,
      seat,
      from_device_hash: held.device_hash,
      device_hash: deviceHash,
      generation: entitlement.generation,
      now: deps.world.clock.now(),
    });
    return claimed.ok;
  });
}

/** Gives the seat up; only before the game has begun, later it can only be claimed. */
export async function standUp(deps: WebDeps, entitlement: EntitlementRow, deviceHash: string): Promise<void> {
  if (entitlement.room !== null) return;
  await deps.db.write((tx) => leaveSeat(tx, entitlement.id, deviceHash));
}

/** Names, colours or holders changed: the room, if it is loaded, reads them again and tells all. */
export async function tellSeats(deps: WebDeps, room: string | null): Promise<void> {
  const owner = room === null ? null : await ownerOf(deps.db.read, room);
  if (owner) await deps.control.tell(owner.slot, { kind: 'seats', room: owner.room });
}
