/** Where new rooms go, and the addresses of sockets. */
import { expect, test } from 'bun:test';
import { localPlacement } from './placement.local.ts';
import { slotPlacement } from './placement.slots.ts';
import type { PlacementSlot } from './placement.ts';

const ROOM = 'a'.repeat(20);

interface TestSlot extends PlacementSlot {
  rooms: number;
  port: number | null;
  place: PlacementSlot['place'];
}

function slot(name: string, rooms: number, port: number | null = 8080 + Number(name.slice(1))): TestSlot {
  return {
    name,
    rooms,
    port,
    place: { slot: name, bootId: `boot of ${name}` },
    expectRoom() {
      this.rooms++;
    },
  };
}

const HERE = { url: 'http://192.0.2.1:8080', balanced: false };

test('a new room goes to the ready slot with the fewest rooms', () => {
  const [h1, h2, h3] = [slot('h1', 5), slot('h2', 3), slot('h3', 0)];
  h3.place = null;
  const places = slotPlacement([h1, h2, h3], HERE);
  expect(places.choose()).toEqual({ slot: 'h2', bootId: 'boot of h2' });
});

test('rooms count from the moment they are placed, so that a rush is spread', () => {
  const slots = [slot('h1', 0), slot('h2', 0), slot('h3', 2)];
  const places = slotPlacement(slots, HERE);
  for (let count = 0; count < 10; count++) places.reserve(places.choose()?.slot ?? '');
  expect(slots.map(({ rooms }) => rooms)).toEqual([4, 4, 4]);
});

test('with no slot ready there is no place', () => {
  const h1 = slot('h1', 0);
  h1.place = null;
  const places = slotPlacement([h1], HERE);
  expect(places.choose()).toBeNull();
  expect(places.anySlot()).toBe('h1');
});

test('a socket is reached at the port of its process, on the host of the page', () => {
  const places = slotPlacement([slot('h1', 0), slot('h2', 0)], HERE);
  expect(places.socketAddress('h2', ROOM)).toBe(`ws://192.0.2.1:8082/h/h2/r/${ROOM}/ws`);
  expect(places.socketOrigins()).toEqual(['ws://192.0.2.1:8081', 'ws://192.0.2.1:8082']);
});

test('behind a balancer, and with rooms in the main process, pages and sockets have one origin', () => {
  const balanced = slotPlacement([slot('h1', 0)], { url: 'https://play.example.org', balanced: true });
  for (const places of [balanced, localPlacement('h1', 'boot')]) {
    expect(places.socketAddress('h1', ROOM)).toBe(`/h/h1/r/${ROOM}/ws`);
    expect(places.socketOrigins()).toEqual([]);
  }
});

test('the origins are the same list until a process has another port', () => {
  const h1 = slot('h1', 0, null);
  const places = slotPlacement([h1, slot('h2', 0)], HERE);
  const before = places.socketOrigins();
  expect(places.socketOrigins()).toBe(before);
  h1.port = 9000;
  expect(places.socketOrigins()).toEqual(['ws://192.0.2.1:9000', 'ws://192.0.2.1:8082']);
});
