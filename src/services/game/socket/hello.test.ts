/** Hello and admission: which sockets enter a room, and with which codes the others are closed. */
import { expect, test } from 'bun:test';
import { hello } from '../../../../sdk/protocol/hello.ts';
import { readPass, TICKET_MS, PASS_MS, signPass } from '../../../domain/pass.ts';
import {
  createGameFixture,
  helloFrame,
  idOf,
  KEYS,
  OTHER_ROOM,
  Page,
  ROOM,
  SLOT,
  ticket,
} from '../../../../test/support/in-process/game-fixture.ts';
import { TestPeer } from '../../../../test/support/clients/test-peer.ts';

test('P1 only the path of a room of this slot is accepted; another slot is closed with 4200', async () => {
  const { game, world } = await createGameFixture();
  const offer = (path: string) => game.onUpgrade({ path, address: '10.0.0.1', origin: null });
  for (const path of ['/', `/h/${SLOT}/r/${ROOM}`, `/h/${SLOT}/r/short/ws`, `/h/${SLOT}/r/${ROOM}/ws/x`]) {
    expect(offer(path)).toEqual({ accept: false, status: 404 });
  }
  const elsewhere = new Page(TestPeer.open(offer(`/h/h2/r/${ROOM}/ws`)), world);
  expect(elsewhere.closedWith).toBe(4200);
  expect(game.counts().sockets).toBe(0);
});

test('P1 a text frame is malformed, before the hello and after it', async () => {
  const fixture = await createGameFixture();
  const early = fixture.open();
  early.peer.sendTextFromPage();
  const late = await fixture.join();
  late.peer.sendTextFromPage();
  expect([early.closedWith, late.closedWith]).toEqual([4400, 4400]);
});

test('P8 a socket that sends no hello within five seconds is closed', async () => {
  const fixture = await createGameFixture();
  const page = fixture.open();
  await fixture.world.advance(4_999);
  expect(page.closedWith).toBeNull();
  await fixture.world.advance(1);
  expect(page.closedWith).toBe(4003);
  expect(fixture.game.counts().sockets).toBe(0);
});

test('P8 the first frame must be a hello', async () => {
  const fixture = await createGameFixture();
  const frames = [[], [0x21, 0, 1, 16], [0x23, 5], [0x20], [0x40, 1], [0xff]];
  for (const frame of frames) {
    const page = fixture.open();
    page.peer.sendFromPage(Uint8Array.from(frame));
    expect(page.closedWith).toBe(4400);
  }
});

test('P8 a second hello is malformed', async () => {
  const fixture = await createGameFixture();
  const page = await fixture.join();
  page.hello();
  expect(page.closedWith).toBe(4400);
});

test('P9 an unsupported version has its own close code, whatever bytes follow it', async () => {
  const fixture = await createGameFixture();
  const page = fixture.open();
  page.hello({ version: 99 });
  const strange = fixture.open();
  strange.peer.sendFromPage(Uint8Array.of(0x20, 99, 1, 2, 3));
  expect([page.closedWith, strange.closedWith]).toEqual([4401, 4401]);
});

test('P10 a wrong ticket is 4402, an old one 4201', async () => {
  const fixture = await createGameFixture();
  fixture.store.addRoom(OTHER_ROOM, 0);
  const closedWith = (credential: string) => {
    const page = fixture.open();
    page.hello({ credential });
    return page.closedWith;
  };
  const good = ticket(fixture.world);
  expect(closedWith('')).toBe(4402);
  expect(closedWith('nonsense')).toBe(4402);
  expect(closedWith(`${good}x`)).toBe(4402);
  expect(closedWith(ticket(fixture.world, { room: OTHER_ROOM }))).toBe(4402);
  const { claims } = readPass(good, KEYS, 0) as { claims: Parameters<typeof signPass>[0] };
  const foreign = { current: 'k1', keys: { k1: new Uint8Array(32).fill(2) } };
  expect(closedWith(signPass(claims, foreign))).toBe(4402);
  await fixture.world.advance(TICKET_MS);
  expect(closedWith(good)).toBe(4201);
});

test('P11 one to eight different client ids', async () => {
  const fixture = await createGameFixture();
  const closedWith = (ids: readonly number[]) => {
    const page = fixture.open();
    page.hello({ ids });
    return page.closedWith;
  };
  expect(closedWith([])).toBe(4400);
  expect(closedWith([1, 2, 1])).toBe(4400);
  expect(closedWith([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe(4400);
  expect(closedWith([1, 2, 3, 4, 5, 6, 7, 8])).toBeNull();
});

test('P13 frames that come before the room is loaded are queued and processed in order', async () => {
  const fixture = await createGameFixture();
  const page = fixture.open();
  page.hello();
  for (const seq of [1, 2, 3]) page.send(seq);
  page.ping(7);
  await fixture.commit();
  expect(page.peer.names().slice(0, 2)).toEqual(['welcome', 'heartbeat']);
  expect(page.moves()).toEqual(['m1', 'm2', 'm3']);
});

test('P13 the number of queued frames is limited', async () => {
  const fixture = await createGameFixture({ framesBeforeRoomMax: 5 });
  const page = fixture.open();
  page.hello();
  for (const seq of [1, 2, 3, 4, 5]) page.send(seq);
  expect(page.closedWith).toBeNull();
  page.send(6);
  expect(page.closedWith).toBe(4002);
});

test('a socket that closes while its room is loading leaves nothing behind', async () => {
  const fixture = await createGameFixture();
  const page = fixture.open();
  page.hello();
  page.peer.closeFromPage();
  await fixture.commit();
  expect([page.peer.sent, page.peer.lateSends]).toEqual([[], 0]);
  expect(fixture.game.counts()).toEqual({ rooms: 1, sockets: 0 });
  expect(fixture.game.control.roomStatus(ROOM)).toMatchObject({ sockets: 0, onlineSeats: [] });
});

test('a room that many enter at once is loaded once', async () => {
  const fixture = await createGameFixture();
  const pages = [1, 2, 3].map((seat) => fixture.open({ seat }));
  pages.forEach((page, index) => page.hello({ seat: index + 1 }));
  await fixture.commit();
  expect(fixture.store.loads).toBe(1);
  for (const page of pages) expect(page.peer.names()).toContain('live');
});

test('P14 an unknown room is 4404, one of another slot 4200, a broken one 4500', async () => {
  const fixture = await createGameFixture();
  const unknown = await fixture.join({ room: OTHER_ROOM });
  const stored = fixture.store.of(ROOM);
  stored.loaded.owner = { room: ROOM, slot: 'h2', boot_id: 'x', epoch: 1 };
  const moved = await fixture.join();
  stored.loaded.owner = null;
  stored.loaded.room.quarantined = 'a gap';
  const broken = await fixture.join();
  expect([unknown, moved, broken].map((page) => page.closedWith)).toEqual([4404, 4200, 4500]);
});

test('P14 a database that cannot be read closes with 4006, and the next attempt may succeed', async () => {
  const fixture = await createGameFixture();
  fixture.store.broken = new Error('locked');
  expect((await fixture.join()).closedWith).toBe(4006);
  fixture.store.broken = null;
  expect((await fixture.join()).peer.names()).toContain('live');
});

test('P14 a log that refuses the fence closes with 4006', async () => {
  const fixture = await createGameFixture();
  fixture.log.nextOpens.push({ ok: false, why: 'refused' });
  expect((await fixture.join()).closedWith).toBe(4006);
  expect((await fixture.join()).closedWith).toBeNull();
});

test('P15 the welcome comes first, with the seat, the role and the limits of the page', async () => {
  const fixture = await createGameFixture();
  await fixture.world.advance(1_234);
  const page = await fixture.join({ seat: 3 });
  const [first] = page.peer.frames();
  expect(first).toMatchObject({
    name: 'welcome',
    values: {
      version: 1,
      resumed: 0,
      seq: 2,
      seat: 3,
      role: 0,
      clients: [{ number: 0, lastSeq: 0 }],
      heartbeatMs: 15_000,
      rate: 20,
      burst: 60,
      bodyMax: 4_096,
    },
  });
  expect(page.peer.last('welcome').roomMs).toBeGreaterThanOrEqual(1_234);
  const observer = await fixture.join({ observer: true, ids: [9] });
  expect(observer.peer.last('welcome')).toMatchObject({ seat: 0, role: 1 });
});

test('P17 the pass of the welcome is valid for twelve hours and needs no database read', async () => {
  const fixture = await createGameFixture();
  const page = await fixture.join({ seat: 2 });
  const { pass } = page.peer.last('welcome');
  expect(readPass(pass, KEYS, fixture.world.clock.now())).toMatchObject({
    ok: true,
    claims: { room: ROOM, seat: 2, observer: false, generation: 1 },
  });
  const loads = fixture.store.loads;
  const again = await fixture.join({ seat: 2, credential: pass });
  expect(again.peer.names()).toContain('live');
  expect(fixture.store.loads).toBe(loads);
  const claims = readPass(pass, KEYS, 0) as { claims: { expires: number } };
  expect(claims.claims.expires).toBeLessThanOrEqual(fixture.world.clock.now() + PASS_MS);
  expect(claims.claims.expires).toBeGreaterThan(fixture.world.clock.now() + PASS_MS - 1_000);
});

test('P62 rotating the link closes the sockets of older passes and rejects these passes from then on', async () => {
  const fixture = await createGameFixture();
  const old = await fixture.join({ seat: 1 });
  const fresh = await fixture.join({ seat: 2, generation: 2 });
  // The pass of the second was newer than what was loaded: that shows the room the rotation.
  expect(old.closedWith).toBe(4403);
  expect((await fixture.join({ seat: 3 })).closedWith).toBe(4403);
  expect(fixture.game.control.handle({ kind: 'generation', room: ROOM, generation: 3 })).toBe('delivered');
  expect(fresh.closedWith).toBe(4403);
  expect((await fixture.join({ seat: 2, generation: 2 })).closedWith).toBe(4403);
  expect((await fixture.join({ seat: 2, generation: 3 })).closedWith).toBeNull();
});

test('P62 a device whose seat was claimed by another one must join again', async () => {
  const fixture = await createGameFixture();
  fixture.store.seat(ROOM, 1, 'device1-and-the-rest-of-its-hash');
  const old = await fixture.join({ seat: 1 });
  expect(old.closedWith).toBeNull();
  fixture.store.seat(ROOM, 1, 'device9-and-the-rest-of-its-hash');
  // No command was sent: the room reads the seats again before it rejects a device.
  const claimed = await fixture.join({ seat: 1, device: 'device9', ids: [9] });
  expect(claimed.closedWith).toBeNull();
  expect(old.closedWith).toBe(4200);
  expect((await fixture.join({ seat: 1 })).closedWith).toBe(4200);
});

test('P40 a page that connects again replaces its older socket', async () => {
  const fixture = await createGameFixture();
  const first = await fixture.join({ ids: [5] });
  first.send(1);
  const second = await fixture.join({ ids: [5] });
  expect(first.closedWith).toBe(4409);
  // The first message was in flight: the page resends it, which is harmless.
  expect(second.peer.last('welcome').clients).toEqual([{ number: 0, lastSeq: 0 }]);
  for (const seq of [1, 2]) second.send(seq);
  await fixture.commit();
  expect(second.moves()).toEqual(['m1', 'm2']);
});

test('P40 the late close of a superseded socket does not hurt the new one', async () => {
  const fixture = await createGameFixture({ socketsPerAddressMax: 3 });
  const ben = await fixture.join({ seat: 2 });
  const first = await fixture.join({ seat: 1, ids: [5] });
  first.peer.closesAsync = true;
  const second = await fixture.join({ seat: 1, ids: [5] });
  expect(first.closedWith).toBe(4409);
  // Its last frame and its close arrive when the second is in the room.
  first.send(1, 'of the first');
  first.peer.closeFromPage();
  await fixture.world.advance(500);
  expect(fixture.game.control.roomStatus(ROOM)).toMatchObject({ sockets: 2, onlineSeats: [1, 2] });
  expect([fixture.game.counts().sockets, first.peer.lateSends]).toEqual([2, 0]);
  second.send(1);
  await fixture.commit();
  expect([second.moves(), ben.moves()]).toEqual([['m1'], ['m1']]);
  const third = await fixture.join({ seat: 1, ids: [5] });
  expect([second.closedWith, third.closedWith]).toEqual([4409, null]);
  // Its close was counted once.
  fixture.open();
  expect(() => fixture.open()).toThrow('503');
});

test('P40 a socket of another seat with the same client id does not replace the page', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1, ids: [5] });
  await fixture.join({ seat: 2, ids: [5] });
  await fixture.join({ observer: true, ids: [5] });
  expect(anna.closedWith).toBeNull();
});

test('P41 two pages of one seat are both live', async () => {
  const fixture = await createGameFixture();
  const one = await fixture.join({ seat: 1, ids: [5] });
  const two = await fixture.join({ seat: 1, ids: [6] });
  one.send(1, 'one');
  two.send(1, 'two');
  await fixture.commit();
  for (const page of [one, two]) expect(page.moves()).toEqual(['one', 'two']);
  one.peer.closeFromPage();
  await fixture.world.advance(500);
  expect(fixture.game.control.roomStatus(ROOM)?.onlineSeats).toEqual([1]);
});

test('P10 a bad ticket does not affect open sockets', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ ids: [5] });
  const intruder = fixture.open();
  intruder.hello({ ids: [5], credential: 'nonsense' });
  expect([intruder.closedWith, anna.closedWith]).toEqual([4402, null]);
  await fixture.world.advance(10_000);
  anna.send(1);
  await fixture.commit();
  expect(anna.moves()).toEqual(['m1']);
});

test('the hello of the tests is the hello of the protocol', async () => {
  const { world } = await createGameFixture();
  const decoded = hello.decode(helloFrame(world, { ids: [1, 2] }));
  expect(decoded).toMatchObject({ version: 1, clients: [{ id: idOf(1) }, { id: idOf(2) }] });
});
