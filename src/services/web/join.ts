/** Who may connect to a room, and as what: the answer to a page's join call. */
import type { JoinAnswer } from '@escapement/sdk/session-api';
import { signPass, TICKET_MS } from '../../domain/pass.ts';
import { ROOM_ID } from '../../domain/room.ts';
import { entitlementById } from '../../ports/main-db/queries/entitlements.ts';
import { hostBySlot } from '../../ports/main-db/queries/hosts.ts';
import { ownerOf, roomById } from '../../ports/main-db/queries/rooms.ts';
import { seatOfDevice } from '../../ports/main-db/queries/seats.ts';
import type { EntitlementRow, RoomOwnerRow, RoomRow } from '../../ports/main-db/schema.ts';
import type { WebContext } from './route-types.ts';
import type { WebDeps } from './deps.ts';
import { deviceMark, knownDevice, mayWatch } from './device.ts';
import type { ErrorCode } from './errors.ts';
import { placeRoom } from './enter-room.ts';

/** A visitor who may be in the room. */
export interface Guest {
  readonly room: RoomRow;
  readonly entitlement: EntitlementRow;
  /** 0 = observer. */
  readonly seat: number;
  readonly device: string;
}

export type GuestOutcome =
  | { readonly ok: true; readonly guest: Guest }
  | { readonly ok: false; readonly code: Extract<ErrorCode, 'room-unknown' | 'no-seat' | 'room-broken'> };

export async function findGuest(c: WebContext, roomId: string): Promise<GuestOutcome> {
  const { read } = c.var.deps.db;
  const room = ROOM_ID.test(roomId) ? await roomById(read, roomId) : null;
  const entitlement = room && (await entitlementById(read, room.entitlement));
  if (!room || !entitlement) return { ok: false, code: 'room-unknown' };
  const device = knownDevice(c);
  const held = device === null ? null : await seatOfDevice(read, entitlement.id, device);
  const seat = held?.generation === entitlement.generation ? held : null;
  if (device === null || !(seat || mayWatch(c, room.id, entitlement.generation))) {
    return { ok: false, code: 'no-seat' };
  }
  if (room.quarantined !== null) return { ok: false, code: 'room-broken' };
  return { ok: true, guest: { room, entitlement, seat: seat?.seat ?? 0, device } };
}

/**
 * A ticket is signed, not stored: giving one out changes nothing. Only a join call may place a room,
 * because showing a page changes nothing.
 */
export async function joinAnswer(
  c: WebContext,
  guest: Guest,
  { mayPlace }: { readonly mayPlace: boolean },
): Promise<JoinAnswer> {
  const { keys, placement, world } = c.var.deps;
  const { room, entitlement, seat, device } = guest;
  const owner = await ownerNow(c.var.deps, room.id, mayPlace);
  // oxlint-disable-next-line unicorn/no-thenable -- a word of the answer, not a promise
  if (!owner) return { ok: false, code: 'room-moving', then: 'retry' };
  const ticket = signPass(
    {
      room: room.id,
      seat,
      observer: seat === 0,
      device: deviceMark(device),
      generation: entitlement.generation,
      expires: world.clock.now() + TICKET_MS,
    },
    keys.pass,
  );
  return { ok: true, socket: placement.socketAddress(owner.slot, room.id), ticket };
}

/** A room stays with its slot as long as there is such a slot; null = it has none at this moment. */
async function ownerNow(deps: WebDeps, room: string, mayPlace: boolean): Promise<RoomOwnerRow | null> {
  const { db } = deps;
  const owner = await ownerOf(db.read, room);
  if (owner && (await hostBySlot(db.read, owner.slot))) return owner;
  return mayPlace ? db.write((tx) => placeRoom(tx, deps, room, owner)) : null;
}
