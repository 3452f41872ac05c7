/** The seats of a team: the state that the lobby shows, and the changes that players may make. */
import { cleanName, colourByCss, colourById, freeColour, type SeatColour } from '../../../domain/seat.ts';
import { ownerOf } from '../../../ports/main-db/queries/rooms.ts';
import {
  claimSeat,
  leaveSeat,
  seatOfDevice,
  seatsOf,
  assignSeat,
  updateSeat,
} from '../../../ports/main-db/queries/seats.ts';
import type { Tx } from '../../../ports/main-db/main-db.ts';
import type { EntitlementRow, SeatRow } from '../../../ports/main-db/schema.ts';
import type { WebDeps } from '../deps.ts';
import type { LobbyPresence } from './lobby-presence.ts';

/** What the lobby's page shows; its script gets the same as JSON. */
export interface LobbyState {
  /** The room, once the game has begun. */
  readonly room: string | null;
  /** The visitor's own seat. */
  readonly mine: number | null;
  /** The own seat was confirmed through the current link. False after the link was replaced: enter again. */
  readonly admitted: boolean;
  readonly full: boolean;
  readonly max: number;
  readonly seats: readonly LobbySeat[];
}

export interface LobbySeat {
  readonly seat: number;
  readonly name: string;
  /** Id of the colour, not its CSS value. */
  readonly colour: SeatColour['id'];
  readonly ready: boolean;
  /** Has the lobby open or is in the room. A seat whose holder is away may be claimed. */
  readonly here: boolean;
}

export async function loadLobbyState(
  deps: WebDeps,
  presence: LobbyPresence,
  entitlement: EntitlementRow,
  max: number,
  deviceHash: string | null,
): Promise<LobbyState> {
  const [rows, online] = await Promise.all([
    seatsOf(deps.db.read, entitlement.id),
    fetchOnlineSeats(deps, entitlement.room),
  ]);
  const here = (row: SeatRow) =>
    row.device_hash === deviceHash ||
    online.includes(row.seat) ||
    presence.isPresent(entitlement.id, row.device_hash);
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

async function fetchOnlineSeats(deps: WebDeps, room: string | null): Promise<readonly number[]> {
  const owner = room === null ? null : await ownerOf(deps.db.read, room);
  if (!owner) return [];
  return (await deps.control.roomStatus(owner.slot, owner.room))?.onlineSeats ?? [];
}

export interface SeatChange {
  /** As typed; null = unchanged, or `fallbackName` for a new seat. */
  readonly name: string | null;
  readonly colour: string | null;
  readonly ready: boolean | null;
  /** `Player {seat}` in the visitor's language. */
  readonly fallbackName: (seat: number) => string;
}

export type SeatOutcome =
  | { readonly ok: true; readonly seat: SeatRow }
  | { readonly ok: false; readonly why: 'full' };

/** Assigns a seat if the device has none, and sets its name, colour and ready flag. */
export async function saveSeat(
  tx: Tx,
  deps: WebDeps,
  entitlement: EntitlementRow,
  max: number,
  deviceHash: string,
  change: SeatChange,
): Promise<SeatOutcome> {
  const teammates = (await seatsOf(tx, entitlement.id)).filter((row) => row.device_hash !== deviceHash);
  const taken = teammates.map(({ colour }) => colour);
  const wanted = change.colour === null ? null : colourById(change.colour);
  const name = change.name === null ? null : cleanName(change.name);
  const assigned = await assignSeat(tx, {
    entitlement: entitlement.id,
    name: name ?? '',
    colour: freeColour(wanted, taken).css,
    device_hash: deviceHash,
    generation: entitlement.generation,
    taken_at: deps.world.clock.now(),
    max,
  });
  if (!assigned.ok) return assigned;
  const { seat } = assigned;
  const columns = {
    name: name ?? (seat.name || change.fallbackName(seat.seat)),
    colour: wanted ? freeColour(wanted, taken).css : seat.colour,
    ready: change.ready === null ? seat.ready : Number(change.ready),
    generation: entitlement.generation,
  };
  await updateSeat(tx, entitlement.id, deviceHash, columns);
  return { ok: true, seat: { ...seat, ...columns } };
}

/** Gives the device the seat of a player who is away. Returns false if its holder is here or the device has a seat. */
export async function claimOfflineSeat(
  deps: WebDeps,
  presence: LobbyPresence,
  entitlement: EntitlementRow,
  seat: number,
  deviceHash: string,
): Promise<boolean> {
  const online = await fetchOnlineSeats(deps, entitlement.room);
  return deps.db.write(async (tx) => {
    if (await seatOfDevice(tx, entitlement.id, deviceHash)) return false;
    const held = (await seatsOf(tx, entitlement.id)).find((row) => row.seat === seat);
    if (!held || online.includes(seat) || presence.isPresent(entitlement.id, held.device_hash)) return false;
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

/** Frees the device's seat. Only before the game has begun; later a seat can only be claimed. */
export async function giveUpSeat(
  deps: WebDeps,
  entitlement: EntitlementRow,
  deviceHash: string,
): Promise<void> {
  if (entitlement.room !== null) return;
  await deps.db.write((tx) => leaveSeat(tx, entitlement.id, deviceHash));
}

/** Names, colours or holders have changed: if the room is loaded, it reads them again and sends them to its pages. */
export async function notifySeatsChanged(deps: WebDeps, room: string | null): Promise<void> {
  const owner = room === null ? null : await ownerOf(deps.db.read, room);
  if (owner) await deps.control.send(owner.slot, { kind: 'seats', room: owner.room });
}
