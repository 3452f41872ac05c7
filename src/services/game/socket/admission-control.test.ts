/** Admission control: rates and numbers of upgrades, per visitor and per host. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { createGameFixture } from '../../../../test/support/in-process/game-fixture.ts';
import { createSimulatedWorld } from '../../../../test/support/in-process/world.simulated.ts';
import { AdmissionControl, ADMISSION_LIMITS, type AdmissionLimits } from './admission-control.ts';

// Hundreds of pages are simulated here.
setDefaultTimeout(60_000);

function createAdmission(change: Partial<AdmissionLimits> = {}) {
  const world = createSimulatedWorld(1);
  return { world, admission: new AdmissionControl({ ...ADMISSION_LIMITS, ...change }, world.clock) };
}

/** How many of `tries` sockets are admitted; each sends its hello at once and stays open. */
function openSockets(admission: AdmissionControl, address: string, tries: number): number {
  let opened = 0;
  for (let each = 0; each < tries; each++) {
    if (!admission.tryAdmit(address)) continue;
    admission.onOpen(address);
    admission.onHello();
    opened++;
  }
  return opened;
}

test('P55 upgrades of a host have a rate: 10,000 at once, then 2,000 a second', async () => {
  const { world, admission } = createAdmission();
  const visitors = (at: number) =>
    Array.from({ length: 12_000 }, (_, each) =>
      openSockets(admission, `10.${at}.${each >> 8}.${each & 255}`, 1),
    );
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  expect(sum(visitors(1))).toBe(10_000);
  await world.advance(500);
  expect(sum(visitors(2))).toBe(1_000);
});

test('P55 forty thousand players can reconnect within thirty seconds', async () => {
  const { world, admission } = createAdmission();
  let disconnected = 40_000;
  const address = () => `10.${disconnected >> 16}.${(disconnected >> 8) & 255}.${disconnected & 255}`;
  let seconds = 0;
  for (; disconnected > 0 && seconds < 60; seconds++) {
    while (disconnected > 0 && openSockets(admission, address(), 1) === 1) disconnected--;
    await world.advance(1_000);
  }
  expect(seconds).toBeLessThanOrEqual(30);
  expect(disconnected).toBe(0);
});

test('P55 a visitor who retries without end uses up its own rate and not that of others', async () => {
  const { world, admission } = createAdmission({
    socketsPerAddressMax: 200,
    upgradeRate: 1_000,
    upgradeBurst: 1_000,
  });
  let opened = 0;
  for (let each = 0; each < 100_000; each++) {
    if (!admission.tryAdmit('192.0.2.66')) continue;
    opened++;
    admission.onOpen('192.0.2.66');
    admission.onClose('192.0.2.66', false);
  }
  expect(opened).toBe(200);
  expect(openSockets(admission, '192.0.2.7', 100)).toBe(100);
  await world.advance(1_000);
  expect(openSockets(admission, '192.0.2.66', 100)).toBe(20);
});

test('P55 an IPv6 visitor is counted by its first half', () => {
  const { admission } = createAdmission({ socketsPerAddressMax: 2 });
  const addresses = ['2001:db8::1', '2001:db8::2', '2001:db8::3'];
  expect(addresses.map((address) => openSockets(admission, address, 1))).toEqual([1, 1, 0]);
  expect(openSockets(admission, '2001:db8:0:1::1', 1)).toBe(1);
});

test('P55 a rejected upgrade or hello causes no database read', async () => {
  const fixture = await createGameFixture({ socketsPerAddressMax: 50 });
  for (let each = 0; each < 50; each++) fixture.open().hello({ credential: 'x.y' });
  for (let each = 0; each < 50; each++) fixture.open();
  for (let each = 0; each < 1_000; each++) expect(() => fixture.open()).toThrow('503');
  await fixture.commit();
  expect(fixture.store.loads).toBe(0);
});

test('the memory for visitors without sockets is limited', () => {
  const { admission } = createAdmission({ upgradeBurst: 100_000 });
  for (let each = 0; each < 30_000; each++) {
    const address = `10.${each >> 16}.${(each >> 8) & 255}.${each & 255}`;
    admission.tryAdmit(address);
    admission.onOpen(address);
    admission.onClose(address, false);
  }
  expect(admission.visitorCount).toBe(20_000);
});

test('P55 reconnect storm with per-address limits: a school of 300 reconnects three times in a row, and no socket is declined', async () => {
  const fixture = await createGameFixture();
  const rooms = Array.from({ length: 75 }, (_, each) => `${each}`.padStart(20, 'r'));
  for (const room of rooms) fixture.store.addRoom(room, fixture.world.clock.now());
  const seats = rooms.flatMap((room) => [1, 2, 3, 4].map((seat) => ({ room, seat })));
  for (let storm = 0; storm < 3; storm++) {
    // All at once; their former sockets are dead, which the server has not detected yet.
    const pages = seats.map((options) => fixture.open(options));
    for (const [each, page] of pages.entries()) page.hello(seats[each]);
    await fixture.world.advance(100);
    expect(pages.filter(({ closedWith }) => closedWith !== null)).toEqual([]);
    expect(pages.every(({ peer }) => peer.names().includes('live'))).toBe(true);
    for (const page of pages) page.peer.isCut = true;
    await fixture.world.advance(1_000);
  }
  expect(fixture.game.counts().sockets).toBe(300);
});
