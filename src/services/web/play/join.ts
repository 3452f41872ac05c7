/** Who may connect to a room, and as what: the response to a page's join call. */
import { signPass, TICKET_MS } from '../../../domain/pass.ts';
import { ROOM_ID } from '../../../domain/room.ts';
import { entitlementById } from '../../../ports/main-db/queries/entitlements.ts';
import { hostBySlot } from '../../../ports/main-db/queries/hosts.ts';
import { ownerOf, roomById } from '../../../ports/main-db/queries/rooms.ts';
import { seatOfDevice } from '../../../ports/main-db/queries/seats.ts';
import type { EntitlementRow, RoomOwnerRow, RoomRow } from '../../../ports/main-db/schema.ts';
import type { WebContext } from '../http/route-types.ts';
import type { WebDeps } from '../deps.ts';
import { deviceTag, readDeviceHash, canWatch } from '../http/cookies.ts';
import { jsonRefusal, type JsonRefusal } from '../http/respond.tsx';
import type { ErrorCode } from '../errors.ts';
import { placeRoom } from './place-room.ts';

/** A visitor's permission to play in a room, or to watch it. */
export interface RoomAccess {
  readonly room: RoomRow;
  readonly entitlement: EntitlementRow;
  /** 0 = observer. */
  readonly seat: number;
  /** Hash of the device token. */
  readonly device: string;
}

export type RoomAccessOutcome =
  | { readonly ok: true; readonly access: RoomAccess }
  | { readonly ok: false; readonly code: Extract<ErrorCode, 'room-unknown' | 'no-seat' | 'room-broken'> };

export async function checkRoomAccess(c: WebContext, roomId: string): Promise<RoomAccessOutcome> {
  const { read } = c.var.deps.db;
  const room = ROOM_ID.test(roomId) ? await roomById(read, roomId) : null;
  const entitlement = room && (await entitlementById(read, room.entitlement));
  if (!room || !entitlement) return { ok: false, code: 'room-unknown' };
  const device = readDeviceHash(c);
  const held = device === null ? null : await seatOfDevice(read, entitlement.id, device);
  const seat = held?.generation === entitlement.generation ? held : null;
  if (device === null || !(seat || canWatch(c, room.id, entitlement.generation))) {
    return { ok: false, code: 'no-seat' };
  }
  if (room.quarantined !== null) return { ok: false, code: 'room-broken' };
  return { ok: true, access: { room, entitlement, seat: seat?.seat ?? 0, device } };
}

/** What a page needs to open its socket. */
export interface JoinTicket {
  readonly ok: true;
  /** A path of this site, or a `ws://` address. */
  readonly socket: string;
  readonly ticket: string;
}

/**
 * A ticket is signed and not stored, so issuing one changes nothing. Only a join call may place a room, because a
 * GET changes nothing (I8).
 */
export async function createJoinAnswer(
  c: WebContext,
  access: RoomAccess,
  { mayPlace }: { readonly mayPlace: boolean },
): Promise<JoinTicket | JsonRefusal> {
  const { keys, placement, world } = c.var.deps;
  const { room, entitlement, seat, device } = access;
  const owner = await currentOwner(c.var.deps, room.id, mayPlace);
  if (!owner) return jsonRefusal('room-moving');
  const ticket = signPass(
    {
      room: room.id,
      seat,
      observer: seat === 0,
      device: deviceTag(device),
      generation: entitlement.generation,
      expires: world.clock.now() + TICKET_MS,
    },
    keys.pass,
  );
  return { ok: true, socket: placement.socketAddress(owner.slot, room.id), ticket };
}

/** A room stays with its slot while that slot exists; null = it has no slot at the moment. */
async function currentOwner(deps: WebDeps, room: string, mayPlace: boolean): Promise<RoomOwnerRow | null> {
  const { db } = deps;
  const owner = await ownerOf(db.read, room);
  if (owner && (await hostBySlot(db.read, owner.slot))) return owner;
  return mayPlace ? placeRoom(deps, room, owner) : null;
}
