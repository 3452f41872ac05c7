/** Placement on several processes: the choice of a slot, and the addresses of sockets. */
import { expect, test } from 'bun:test';
import { placementContract } from './placement.contract.ts';
import { slotPlacement } from './placement.slots.ts';
import type { PlacementSlot } from './placement.ts';

const ROOM = 'a'.repeat(20);

interface TestSlot extends PlacementSlot {
  rooms: number;
  port: number | null;
  placement: PlacementSlot['placement'];
}

function slot(name: string, rooms: number, port: number | null = 8080 + Number(name.slice(1))): TestSlot {
  return {
    name,
    rooms,
    port,
    placement: { slot: name, bootId: `boot of ${name}` },
    reserve() {
      this.rooms++;
    },
  };
}

const DIRECT = { url: 'http://192.0.2.1:8080', balanced: false };
const BALANCED = { url: 'https://play.example.org', balanced: true };

for (const [name, options] of [
  ['slots', DIRECT],
  ['slots behind a balancer', BALANCED],
] as const) {
  placementContract(name, (only, bootId) =>
    slotPlacement([{ ...slot(only, 0), placement: { slot: only, bootId } }], options),
  );
}

test('a new room goes to the ready slot with the fewest rooms', () => {
  const [h1, h2, h3] = [slot('h1', 5), slot('h2', 3), slot('h3', 0)];
  h3.placement = null;
  expect(slotPlacement([h1, h2, h3], DIRECT).choose()).toEqual({ slot: 'h2', bootId: 'boot of h2' });
});

test('reserved rooms count at once, so that a rush is spread', () => {
  const slots = [slot('h1', 0), slot('h2', 0), slot('h3', 2)];
  const placement = slotPlacement(slots, DIRECT);
  for (let count = 0; count < 10; count++) placement.reserve(placement.choose()?.slot ?? '');
  expect(slots.map(({ rooms }) => rooms)).toEqual([4, 4, 4]);
});

test('without a ready slot there is no placement', () => {
  const h1 = slot('h1', 0);
  h1.placement = null;
  const placement = slotPlacement([h1], DIRECT);
  expect(placement.choose()).toBeNull();
  expect(placement.anySlot()).toBe('h1');
});

test('a socket is reached at the port of its process, on the host of the page', () => {
  const placement = slotPlacement([slot('h1', 0), slot('h2', 0)], DIRECT);
  expect(placement.socketAddress('h2', ROOM)).toBe(`ws://192.0.2.1:8082/h/h2/r/${ROOM}/ws`);
  expect(placement.socketOrigins()).toEqual(['ws://192.0.2.1:8081', 'ws://192.0.2.1:8082']);
});

test('behind a balancer pages and sockets have one origin', () => {
  const placement = slotPlacement([slot('h1', 0)], BALANCED);
  expect(placement.socketAddress('h1', ROOM)).toBe(`/h/h1/r/${ROOM}/ws`);
  expect(placement.socketOrigins()).toEqual([]);
});

test('the list of origins is the same object until a process has another port', () => {
  const h1 = slot('h1', 0, null);
  const placement = slotPlacement([h1, slot('h2', 0)], DIRECT);
  const before = placement.socketOrigins();
  expect(placement.socketOrigins()).toBe(before);
  h1.port = 9000;
  expect(placement.socketOrigins()).toEqual(['ws://192.0.2.1:9000', 'ws://192.0.2.1:8082']);
});
