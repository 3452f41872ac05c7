/** Seats of an entitlement: assigned in the lobby, one per device; another device can claim an offline one. */
import type { Reader, Tx } from '../main-db.ts';
import type { SeatRow } from '../schema.ts';

export async function seatsOf(read: Reader, entitlement: string): Promise<readonly SeatRow[]> {
  return read
    .selectFrom('seats')
    .selectAll()
    .where('entitlement', '=', entitlement)
    .orderBy('seat')
    .execute();
}

export async function seatsOfRoom(read: Reader, room: string): Promise<readonly SeatRow[]> {
  return seatsQuery(read, room).execute();
}

export function seatsQuery(read: Reader, room: string) {
  return read
    .selectFrom('seats')
    .innerJoin('rooms', 'rooms.entitlement', 'seats.entitlement')
    .selectAll('seats')
    .where('rooms.id', '=', room)
    .orderBy('seats.seat');
}

export async function seatOfDevice(
  read: Reader,
  entitlement: string,
  deviceHash: string,
): Promise<SeatRow | null> {
  const found = await read
    .selectFrom('seats')
    .selectAll()
    .where('entitlement', '=', entitlement)
    .where('device_hash', '=', deviceHash)
    .executeTakeFirst();
  return found ?? null;
}

export type AssignOutcome =
  /** `taken` = false: the device already had this seat, and the seat was not changed. */
  | { readonly ok: true; readonly seat: SeatRow; readonly taken: boolean }
  | { readonly ok: false; readonly why: 'full' };

/** Returns the device's seat; a device without one gets the lowest free seat of 1 … `max`. */
export async function assignSeat(
  tx: Tx,
  request: Omit<SeatRow, 'seat' | 'ready'> & { readonly max: number },
): Promise<AssignOutcome> {
  const { max, ...rest } = request;
  const seats = await seatsOf(tx, request.entitlement);
  const own = seats.find((seat) => seat.device_hash === request.device_hash);
  if (own) return { ok: true, seat: own, taken: false };
  const held = new Set(seats.map((seat) => seat.seat));
  for (let seat = 1; seat <= max; seat++) {
    if (held.has(seat)) continue;
    const row: SeatRow = { ...rest, seat, ready: 0 };
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('seats')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows) return { ok: true, seat: row, taken: true };
  }
  return { ok: false, why: 'full' };
}

export type ClaimOutcome =
  | { readonly ok: true; readonly seat: SeatRow }
  /** `changed`: the seat has another holder by now, or none; `has-seat`: the device has a seat already. */
  | { readonly ok: false; readonly why: 'changed' | 'has-seat' };

/** Moves a seat to another device if it still belongs to `from_device_hash`, which the caller saw offline. */
export async function claimSeat(
  tx: Tx,
  claim: {
    readonly entitlement: string;
    readonly seat: number;
    readonly from_device_hash: string;
    readonly device_hash: string;
    readonly generation: number;
    readonly now: number;
  },
): Promise<ClaimOutcome> {
  const seats = await seatsOf(tx, claim.entitlement);
  if (seats.some((seat) => seat.device_hash === claim.device_hash)) return { ok: false, why: 'has-seat' };
  const seat = seats.find((each) => each.seat === claim.seat);
  if (seat?.device_hash !== claim.from_device_hash) return { ok: false, why: 'changed' };
  const { device_hash, generation, now } = claim;
  const change = { device_hash, generation, ready: 0, taken_at: now };
  await tx
    .updateTable('seats')
    .set(change)
    .where('entitlement', '=', claim.entitlement)
    .where('seat', '=', claim.seat)
    .execute();
  return { ok: true, seat: { ...seat, ...change } };
}

/** False when the device has no seat of this entitlement. */
export async function updateSeat(
  tx: Tx,
  entitlement: string,
  deviceHash: string,
  change: Partial<Pick<SeatRow, 'name' | 'colour' | 'ready' | 'generation'>>,
): Promise<boolean> {
  if (Object.keys(change).length === 0) return (await seatOfDevice(tx, entitlement, deviceHash)) !== null;
  const { numUpdatedRows } = await tx
    .updateTable('seats')
    .set(change)
    .where('entitlement', '=', entitlement)
    .where('device_hash', '=', deviceHash)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Frees the device's seat; false when it had none. */
export async function leaveSeat(tx: Tx, entitlement: string, deviceHash: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('seats')
    .where('entitlement', '=', entitlement)
    .where('device_hash', '=', deviceHash)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
