/** Who gets in, and what everybody else is told. */
import { expect, test } from 'bun:test';
import { hello } from '../../../../sdk/protocol/hello.ts';
import { readPass, TICKET_MS, PASS_MS, signPass } from '../../../domain/pass.ts';
import {
  createGameBench,
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

test('P1 only the path of a room of this slot leads in; another slot is told to join again', async () => {
  const { game, world } = await createGameBench();
  const offer = (path: string) => game.sockets({ path, address: '10.0.0.1', origin: null });
  for (const path of ['/', `/h/${SLOT}/r/${ROOM}`, `/h/${SLOT}/r/short/ws`, `/h/${SLOT}/r/${ROOM}/ws/x`]) {
    expect(offer(path)).toEqual({ accept: false, status: 404 });
  }
  const elsewhere = new Page(TestPeer.open(offer(`/h/h2/r/${ROOM}/ws`)), world);
  expect(elsewhere.closedWith).toBe(4200);
  expect(game.counts().sockets).toBe(0);
});

test('P1 a text frame is malformed, before the hello and after it', async () => {
  const bench = await createGameBench();
  const early = bench.open();
  early.peer.sayText();
  const late = await bench.join();
  late.peer.sayText();
  expect([early.closedWith, late.closedWith]).toEqual([4400, 4400]);
});

test('P8 a socket that says no hello within five seconds is closed', async () => {
  const bench = await createGameBench();
  const page = bench.open();
  await bench.world.advance(4_999);
  expect(page.closedWith).toBeNull();
  await bench.world.advance(1);
  expect(page.closedWith).toBe(4003);
  expect(bench.game.counts().sockets).toBe(0);
});

test('P8 the first frame must be a hello', async () => {
  const bench = await createGameBench();
  const frames = [[], [0x21, 0, 1, 16], [0x23, 5], [0x20], [0x40, 1], [0xff]];
  for (const frame of frames) {
    const page = bench.open();
    page.peer.say(Uint8Array.from(frame));
    expect(page.closedWith).toBe(4400);
  }
});

test('P8 a second hello is malformed', async () => {
  const bench = await createGameBench();
  const page = await bench.join();
  page.hello();
  expect(page.closedWith).toBe(4400);
});

test('P9 a version that is not served is told apart, whatever follows it', async () => {
  const bench = await createGameBench();
  const page = bench.open();
  page.hello({ version: 99 });
  const strange = bench.open();
  strange.peer.say(Uint8Array.of(0x20, 99, 1, 2, 3));
  expect([page.closedWith, strange.closedWith]).toEqual([4401, 4401]);
});

test('P10 a wrong ticket is 4402, an old one 4201', async () => {
  const bench = await createGameBench();
  bench.store.addRoom(OTHER_ROOM, 0);
  const closedWith = (credential: string) => {
    const page = bench.open();
    page.hello({ credential });
    return page.closedWith;
  };
  const good = ticket(bench.world);
  expect(closedWith('')).toBe(4402);
  expect(closedWith('nonsense')).toBe(4402);
  expect(closedWith(`${good}x`)).toBe(4402);
  expect(closedWith(ticket(bench.world, { room: OTHER_ROOM }))).toBe(4402);
  const { claims } = readPass(good, KEYS, 0) as { claims: Parameters<typeof signPass>[0] };
  const foreign = { current: 'k1', keys: { k1: new Uint8Array(32).fill(2) } };
  expect(closedWith(signPass(claims, foreign))).toBe(4402);
  await bench.world.advance(TICKET_MS);
  expect(closedWith(good)).toBe(4201);
});

test('P11 one to eight different client ids', async () => {
  const bench = await createGameBench();
  const closedWith = (ids: readonly number[]) => {
    const page = bench.open();
    page.hello({ ids });
    return page.closedWith;
  };
  expect(closedWith([])).toBe(4400);
  expect(closedWith([1, 2, 1])).toBe(4400);
  expect(closedWith([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe(4400);
  expect(closedWith([1, 2, 3, 4, 5, 6, 7, 8])).toBeNull();
});

test('P13 frames that come before the room is loaded are kept and taken in order', async () => {
  const bench = await createGameBench();
  const page = bench.open();
  page.hello();
  for (const seq of [1, 2, 3]) page.send(seq);
  page.ping(7);
  await bench.commit();
  expect(page.peer.names().slice(0, 2)).toEqual(['welcome', 'heartbeat']);
  expect(page.moves()).toEqual(['m1', 'm2', 'm3']);
});

test('P13 only so many frames are kept', async () => {
  const bench = await createGameBench({ framesBeforeRoomMax: 5 });
  const page = bench.open();
  page.hello();
  for (const seq of [1, 2, 3, 4, 5]) page.send(seq);
  expect(page.closedWith).toBeNull();
  page.send(6);
  expect(page.closedWith).toBe(4002);
});

test('a socket that goes while its room is being loaded leaves nothing behind', async () => {
  const bench = await createGameBench();
  const page = bench.open();
  page.hello();
  page.peer.leave();
  await bench.commit();
  expect([page.peer.sent, page.peer.lateSends]).toEqual([[], 0]);
  expect(bench.game.counts()).toEqual({ rooms: 1, sockets: 0 });
  expect(bench.game.control.watch(ROOM)).toMatchObject({ sockets: 0, onlineSeats: [] });
});

test('a room that many enter at once is loaded once', async () => {
  const bench = await createGameBench();
  const pages = [1, 2, 3].map((seat) => bench.open({ seat }));
  pages.forEach((page, index) => page.hello({ seat: index + 1 }));
  await bench.commit();
  expect(bench.store.loads).toBe(1);
  for (const page of pages) expect(page.peer.names()).toContain('live');
});

test('P14 an unknown room is 4404, one of another slot 4200, a broken one 4500', async () => {
  const bench = await createGameBench();
  const unknown = await bench.join({ room: OTHER_ROOM });
  const stored = bench.store.of(ROOM);
  stored.loaded.owner = { room: ROOM, slot: 'h2', boot_id: 'x', epoch: 1 };
  const moved = await bench.join();
  stored.loaded.owner = null;
  stored.loaded.room.quarantined = 'a gap';
  const broken = await bench.join();
  expect([unknown, moved, broken].map((page) => page.closedWith)).toEqual([4404, 4200, 4500]);
});

test('P14 a database that cannot be read closes with 4006, and the next try may succeed', async () => {
  const bench = await createGameBench();
  bench.store.broken = new Error('locked');
  expect((await bench.join()).closedWith).toBe(4006);
  bench.store.broken = null;
  expect((await bench.join()).peer.names()).toContain('live');
});

test('P14 a log that takes no fence closes with 4006', async () => {
  const bench = await createGameBench();
  bench.log.nextOpens.push({ ok: false, why: 'refused' });
  expect((await bench.join()).closedWith).toBe(4006);
  expect((await bench.join()).closedWith).toBeNull();
});

test('P15 the welcome comes first and says who the page is and what it may do', async () => {
  const bench = await createGameBench();
  await bench.world.advance(1_234);
  const page = await bench.join({ seat: 3 });
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
  const observer = await bench.join({ observer: true, ids: [9] });
  expect(observer.peer.last('welcome')).toMatchObject({ seat: 0, role: 1 });
});

test('P17 the pass of the welcome lets the page in again for twelve hours, with no database asked', async () => {
  const bench = await createGameBench();
  const page = await bench.join({ seat: 2 });
  const { pass } = page.peer.last('welcome');
  expect(readPass(pass, KEYS, bench.world.clock.now())).toMatchObject({
    ok: true,
    claims: { room: ROOM, seat: 2, observer: false, generation: 1 },
  });
  const loads = bench.store.loads;
  const again = await bench.join({ seat: 2, credential: pass });
  expect(again.peer.names()).toContain('live');
  expect(bench.store.loads).toBe(loads);
  const claims = readPass(pass, KEYS, 0) as { claims: { expires: number } };
  expect(claims.claims.expires).toBeLessThanOrEqual(bench.world.clock.now() + PASS_MS);
  expect(claims.claims.expires).toBeGreaterThan(bench.world.clock.now() + PASS_MS - 1_000);
});

test('P62 rotating the link closes the sockets of older passes and refuses them from then on', async () => {
  const bench = await createGameBench();
  const old = await bench.join({ seat: 1 });
  const fresh = await bench.join({ seat: 2, generation: 2 });
  // The pass of the second was newer than what was loaded: the room learned of the rotation by it.
  expect(old.closedWith).toBe(4403);
  expect((await bench.join({ seat: 3 })).closedWith).toBe(4403);
  expect(bench.game.control.tell({ kind: 'generation', room: ROOM, generation: 3 })).toBe('told');
  expect(fresh.closedWith).toBe(4403);
  expect((await bench.join({ seat: 2, generation: 2 })).closedWith).toBe(4403);
  expect((await bench.join({ seat: 2, generation: 3 })).closedWith).toBeNull();
});

test('P62 a device whose seat was claimed by another one must join again', async () => {
  const bench = await createGameBench();
  bench.store.seat(ROOM, 1, 'device1-and-the-rest-of-its-hash');
  const old = await bench.join({ seat: 1 });
  expect(old.closedWith).toBeNull();
  bench.store.seat(ROOM, 1, 'device9-and-the-rest-of-its-hash');
  // Nobody told the room: it reads the seats again before it turns somebody away.
  const claimed = await bench.join({ seat: 1, device: 'device9', ids: [9] });
  expect(claimed.closedWith).toBeNull();
  expect(old.closedWith).toBe(4200);
  expect((await bench.join({ seat: 1 })).closedWith).toBe(4200);
});

test('P40 the same page connecting again takes the place of its older socket', async () => {
  const bench = await createGameBench();
  const first = await bench.join({ ids: [5] });
  first.send(1);
  const second = await bench.join({ ids: [5] });
  expect(first.closedWith).toBe(4409);
  // The first message was still on its way to the disk: the page sends it again, to no harm.
  expect(second.peer.last('welcome').clients).toEqual([{ number: 0, lastSeq: 0 }]);
  for (const seq of [1, 2]) second.send(seq);
  await bench.commit();
  expect(second.moves()).toEqual(['m1', 'm2']);
});

test('P40 the late close of a superseded socket does not hurt the new one', async () => {
  const bench = await createGameBench({ socketsPerAddressMax: 3 });
  const ben = await bench.join({ seat: 2 });
  const first = await bench.join({ seat: 1, ids: [5] });
  first.peer.closesLate = true;
  const second = await bench.join({ seat: 1, ids: [5] });
  expect(first.closedWith).toBe(4409);
  // What it still says, and its end, come when the second is in.
  first.send(1, 'of the first');
  first.peer.leave();
  await bench.world.advance(500);
  expect(bench.game.control.watch(ROOM)).toMatchObject({ sockets: 2, onlineSeats: [1, 2] });
  expect([bench.game.counts().sockets, first.peer.lateSends]).toEqual([2, 0]);
  second.send(1);
  await bench.commit();
  expect([second.moves(), ben.moves()]).toEqual([['m1'], ['m1']]);
  const third = await bench.join({ seat: 1, ids: [5] });
  expect([second.closedWith, third.closedWith]).toEqual([4409, null]);
  // It was counted as gone once.
  bench.open();
  expect(() => bench.open()).toThrow('503');
});

test('P40 somebody who knows the client id but sits elsewhere cannot push its page out', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1, ids: [5] });
  await bench.join({ seat: 2, ids: [5] });
  await bench.join({ observer: true, ids: [5] });
  expect(anna.closedWith).toBeNull();
});

test('P41 two pages of one seat are both live', async () => {
  const bench = await createGameBench();
  const one = await bench.join({ seat: 1, ids: [5] });
  const two = await bench.join({ seat: 1, ids: [6] });
  one.send(1, 'one');
  two.send(1, 'two');
  await bench.commit();
  for (const page of [one, two]) expect(page.moves()).toEqual(['one', 'two']);
  one.peer.leave();
  await bench.world.advance(500);
  expect(bench.game.control.watch(ROOM)?.onlineSeats).toEqual([1]);
});

test('P10 a bad ticket changes nothing for those who are in', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ ids: [5] });
  const intruder = bench.open();
  intruder.hello({ ids: [5], credential: 'nonsense' });
  expect([intruder.closedWith, anna.closedWith]).toEqual([4402, null]);
  await bench.world.advance(10_000);
  anna.send(1);
  await bench.commit();
  expect(anna.moves()).toEqual(['m1']);
});

test('the hello of the tests is the hello of the protocol', async () => {
  const { world } = await createGameBench();
  const decoded = hello.decode(helloFrame(world, { ids: [1, 2] }));
  expect(decoded).toMatchObject({ version: 1, clients: [{ id: idOf(1) }, { id: idOf(2) }] });
});
