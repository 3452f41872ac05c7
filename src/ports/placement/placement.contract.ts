/** The contract of every placement adapter. Each adapter's test calls it with a placement of one ready slot. */
import { describe, expect, test } from 'bun:test';
import type { RoomPlacement } from './placement.ts';

const ROOM = 'a'.repeat(20);

/** `make` returns a placement whose only slot is `slot`, served by the boot `bootId`. */
export function placementContract(name: string, make: (slot: string, bootId: string) => RoomPlacement): void {
  describe(`placement contract: ${name}`, () => {
    const placement = () => make('h7', 'boot-1');

    test('a new room gets a ready slot with its boot id', () => {
      expect(placement().choose()).toEqual({ slot: 'h7', bootId: 'boot-1' });
    });

    test('a reservation changes nothing for a slot that does not exist, and leaves the only one available', () => {
      const one = placement();
      one.reserve('h99');
      one.reserve('h7');
      expect(one.choose()?.slot).toBe('h7');
    });

    test('the address of a socket ends with the path of slot and room, also for a slot that does not exist', () => {
      for (const slot of ['h7', 'h99']) {
        expect(placement().socketAddress(slot, ROOM)).toEndWith(`/h/${slot}/r/${ROOM}/ws`);
      }
    });

    test('an address with an origin has one of the socket origins', () => {
      const one = placement();
      const address = one.socketAddress('h7', ROOM);
      const origins = address.startsWith('/') ? [] : [new URL(address).origin.replace(/^http/, 'ws')];
      expect(one.socketOrigins()).toEqual(origins);
    });

    test('anySlot names a slot', () => {
      expect(placement().anySlot()).toBe('h7');
    });

    test('the list of origins is the same object while nothing changed', () => {
      const one = placement();
      expect(one.socketOrigins()).toBe(one.socketOrigins());
    });
  });
}
