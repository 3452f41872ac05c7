/** The door: rates and numbers of upgrades, for a visitor and for the host. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { createGameBench } from '../../../../test/support/in-process/game-fixture.ts';
import { createSimulatedWorld } from '../../../../test/support/in-process/world.simulated.ts';
import { AdmissionControl, ADMISSION_LIMITS, type AdmissionLimits } from './admission-control.ts';

// Hundreds of pages are played by hand here.
setDefaultTimeout(60_000);

function doorWith(change: Partial<AdmissionLimits> = {}) {
  const world = createSimulatedWorld(1);
  return { world, door: new AdmissionControl({ ...ADMISSION_LIMITS, ...change }, world.clock) };
}

/** How many of `tries` sockets come in; each says hello at once and stays. */
function comeIn(door: AdmissionControl, address: string, tries: number): number {
  let came = 0;
  for (let each = 0; each < tries; each++) {
    if (!door.tryAdmit(address)) continue;
    door.onOpen(address);
    door.onHello();
    came++;
  }
  return came;
}

test('P55 upgrades of a host have a rate: 10,000 at once, then 2,000 a second', async () => {
  const { world, door } = doorWith();
  const visitors = (at: number) =>
    Array.from({ length: 12_000 }, (_, each) => comeIn(door, `10.${at}.${each >> 8}.${each & 255}`, 1));
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  expect(sum(visitors(1))).toBe(10_000);
  await world.advance(500);
  expect(sum(visitors(2))).toBe(1_000);
});

test('P55 forty thousand players come back within thirty seconds', async () => {
  const { world, door } = doorWith();
  let away = 40_000;
  const address = () => `10.${away >> 16}.${(away >> 8) & 255}.${away & 255}`;
  let seconds = 0;
  for (; away > 0 && seconds < 60; seconds++) {
    while (away > 0 && comeIn(door, address(), 1) === 1) away--;
    await world.advance(1_000);
  }
  expect(seconds).toBeLessThanOrEqual(30);
  expect(away).toBe(0);
});

test('P55 a visitor who tries without end uses up its own allowance and not the others’', async () => {
  const { world, door } = doorWith({ socketsPerAddressMax: 200, upgradeRate: 1_000, upgradeBurst: 1_000 });
  let opened = 0;
  for (let each = 0; each < 100_000; each++) {
    if (!door.tryAdmit('192.0.2.66')) continue;
    opened++;
    door.onOpen('192.0.2.66');
    door.onClose('192.0.2.66', false);
  }
  expect(opened).toBe(200);
  expect(comeIn(door, '192.0.2.7', 100)).toBe(100);
  await world.advance(1_000);
  expect(comeIn(door, '192.0.2.66', 100)).toBe(20);
});

test('P55 an IPv6 visitor is counted by its first half', () => {
  const { door } = doorWith({ socketsPerAddressMax: 2 });
  const addresses = ['2001:db8::1', '2001:db8::2', '2001:db8::3'];
  expect(addresses.map((address) => comeIn(door, address, 1))).toEqual([1, 1, 0]);
  expect(comeIn(door, '2001:db8:0:1::1', 1)).toBe(1);
});

test('P55 neither an upgrade nor a hello that is refused costs a look into the database', async () => {
  const bench = await createGameBench({ socketsPerAddressMax: 50 });
  for (let each = 0; each < 50; each++) bench.open().hello({ credential: 'x.y' });
  for (let each = 0; each < 50; each++) bench.open();
  for (let each = 0; each < 1_000; each++) expect(() => bench.open()).toThrow('503');
  await bench.commit();
  expect(bench.store.loads).toBe(0);
});

test('visitors without sockets take bounded memory', () => {
  const { door } = doorWith({ upgradeBurst: 100_000 });
  for (let each = 0; each < 30_000; each++) {
    const address = `10.${each >> 16}.${(each >> 8) & 255}.${each & 255}`;
    door.tryAdmit(address);
    door.onOpen(address);
    door.onClose(address, false);
  }
  expect(door.visitors).toBe(20_000);
});

test('P55 reconnect storm with per-address limits: a school of 300 comes back three times in a row, nobody is declined', async () => {
  const bench = await createGameBench();
  const rooms = Array.from({ length: 75 }, (_, each) => `${each}`.padStart(20, 'r'));
  for (const room of rooms) bench.store.addRoom(room, bench.world.clock.now());
  const seats = rooms.flatMap((room) => [1, 2, 3, 4].map((seat) => ({ room, seat })));
  for (let storm = 0; storm < 3; storm++) {
    // All at once; the sockets before are dead without a word, the server believes they are there.
    const pages = seats.map((options) => bench.open(options));
    for (const [each, page] of pages.entries()) page.hello(seats[each]);
    await bench.world.advance(100);
    expect(pages.filter(({ closedWith }) => closedWith !== null)).toEqual([]);
    expect(pages.every(({ peer }) => peer.names().includes('live'))).toBe(true);
    for (const page of pages) page.peer.cut = true;
    await bench.world.advance(1_000);
  }
  expect(bench.game.counts().sockets).toBe(300);
});
