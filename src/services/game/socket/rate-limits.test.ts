/** Rate limits of seats and rooms: which sockets wait, and that no others do. */
import { expect, test } from 'bun:test';
import { add, TestSetup } from '../../../../sdk/test/test-setup.ts';
import { RefusedReason } from '../../../../sdk/protocol/refused.ts';
import { withRoomLimits } from '../../../domain/room-limits.ts';
import { seededRandom } from '../../../../test/support/in-process/world.simulated.ts';
import {
  createGameFixture,
  type GameFixture,
  OTHER_ROOM,
  type Page,
} from '../../../../test/support/in-process/game-fixture.ts';
import { TokenBucket } from '../../../lib/token-bucket.ts';
import { gameLimits } from '../limits.ts';

/** Sends `count` messages from client seq `from` on. */
function flood(page: Page, count: number, from = 1): void {
  for (let seq = from; seq < from + count; seq++) page.send(seq);
}

async function joinFour(fixture: GameFixture): Promise<Page[]> {
  const pages: Page[] = [];
  for (const seat of [1, 2, 3, 4]) pages.push(await fixture.join({ seat }));
  return pages;
}

test('P53 two tabs of one seat share its rate limit', async () => {
  const fixture = await createGameFixture({ messageRate: 10, messageBurst: 10 });
  const tab = await fixture.join({ seat: 1, ids: [1] });
  const other = await fixture.join({ seat: 1, ids: [11] });
  const ben = await fixture.join({ seat: 2 });
  flood(tab, 10);
  expect(tab.peer.paused).toBe(false);
  other.send(1);
  expect(other.peer.paused).toBe(true);
  flood(ben, 10);
  expect(ben.peer.paused).toBe(false);
  await fixture.world.advance(200);
  expect(other.peer.paused).toBe(false);
});

test('P53 a reconnect yields no new tokens, and clears the debt', async () => {
  const fixture = await createGameFixture({ messageRate: 10, messageBurst: 10 });
  const anna = await fixture.join({ seat: 1 });
  expect(anna.peer.last('welcome').burst).toBe(10);
  flood(anna, 30);
  await fixture.commit();
  const again = await fixture.join({ seat: 1 });
  expect(again.peer.last('welcome')).toMatchObject({ rate: 10, burst: 1 });
  again.send(31);
  again.send(32);
  expect(again.peer.paused).toBe(true);
  await fixture.world.advance(1_000);
  expect((await fixture.join({ seat: 1 })).peer.last('welcome').burst).toBeGreaterThan(5);
});

test('P53 over the room’s rate only the seats over their share are not read', async () => {
  const fixture = await createGameFixture({ messageBurst: 1_000, roomRate: 10, roomBurst: 40 });
  const [anna, ben, carl, dora] = (await joinFour(fixture)) as [Page, Page, Page, Page];
  for (const quiet of [ben, carl, dora]) quiet.send(1);
  // Her share is a quarter: ten at once.
  flood(anna, 39);
  expect(anna.peer.paused).toBe(true);
  for (const quiet of [ben, carl, dora]) quiet.send(2);
  expect([ben, carl, dora].map(({ peer }) => peer.paused)).toEqual([false, false, false]);
  await fixture.commit();
  expect(ben.moves()).toHaveLength(45);
  // None of her messages is lost; they are only read later.
  await fixture.world.advance(1_000);
  expect(anna.peer.paused).toBe(false);
  anna.send(40);
  await fixture.commit();
  expect(ben.moves()).toHaveLength(46);
  expect(anna.closedWith).toBeNull();
});

test('P53 a room over its rate stops reading for five seconds at most, and closes no socket for it', async () => {
  const fixture = await createGameFixture({ messageBurst: 1_000, roomRate: 10, roomBurst: 20 });
  const anna = await fixture.join({ seat: 1 });
  flood(anna, 200);
  expect(anna.peer.paused).toBe(true);
  await fixture.world.advance(4_900);
  expect(anna.peer.paused).toBe(true);
  await fixture.world.advance(200);
  expect([anna.peer.paused, anna.closedWith]).toEqual([false, null]);
  // Still far over the rate: the next message pauses reading again.
  anna.send(201);
  expect(anna.peer.paused).toBe(true);
  await fixture.commit();
  expect(anna.moves()).toHaveLength(201);
});

test('P53 observers do not count towards the room’s rate', async () => {
  const fixture = await createGameFixture({ messageBurst: 1_000, roomRate: 10, roomBurst: 20 });
  const anna = await fixture.join({ seat: 1 });
  const observer = await fixture.join({ observer: true, ids: [99] });
  const other = await fixture.join({ observer: true, ids: [98] });
  flood(observer, 100);
  anna.send(1);
  other.ping(1);
  expect([anna, other].map(({ peer }) => peer.paused)).toEqual([false, false]);
});

test('P55 observers may take half of a room’s sockets, and one seat not all of them', async () => {
  const fixture = await createGameFixture({ socketsPerRoomMax: 8, socketsPerSeatMax: 3 });
  const codes = async (options: Parameters<GameFixture['join']>[0][]) =>
    (await Promise.all(options.map((each) => fixture.join(each)))).map(({ closedWith }) => closedWith);
  const observers = [1, 2, 3, 4, 5].map((id) => ({ observer: true, ids: [100 + id] }));
  expect(await codes(observers)).toEqual([null, null, null, null, 4006]);
  const tabs = [1, 2, 3, 4].map((id) => ({ seat: 1, ids: [id] }));
  expect(await codes(tabs)).toEqual([null, null, null, 4006]);
  expect(await codes([{ seat: 2 }])).toEqual([null]);
});

test('P55 in a full room a page can still replace its own older socket', async () => {
  const fixture = await createGameFixture({ socketsPerRoomMax: 2 });
  const old = await fixture.join({ seat: 1 });
  await fixture.join({ seat: 2 });
  old.peer.isCut = true;
  const again = await fixture.join({ seat: 1 });
  expect([old.closedWith, again.closedWith]).toEqual([4409, null]);
  expect((await fixture.join({ seat: 3 })).closedWith).toBe(4006);
});

test('P13 the bytes of queued frames are limited, too', async () => {
  const fixture = await createGameFixture();
  const page = fixture.open();
  page.hello();
  for (let seq = 1; seq <= 17; seq++) page.send(seq, 'x'.repeat(4_000));
  expect(page.closedWith).toBe(4002);
});

test('P15 P52 P55 a game sets the limits of its rooms: sent in the welcome, and enforced', async () => {
  const fixture = await createGameFixture();
  fixture.store.addRoom(OTHER_ROOM, fixture.world.clock.now());
  fixture.store.of(OTHER_ROOM).loaded.limits = {
    messageRate: 5,
    messageBurst: 3,
    bodyBytesMax: 64,
    roomEntriesMax: 8,
  };
  const anna = await fixture.join({ room: OTHER_ROOM });
  expect(anna.peer.last('welcome')).toMatchObject({ rate: 5, burst: 3, bodyMax: 64 });
  flood(anna, 3);
  expect(anna.peer.paused).toBe(false);
  anna.send(4, 'x'.repeat(65));
  expect(anna.peer.paused).toBe(true);
  anna.send(4);
  anna.send(5);
  anna.send(6);
  await fixture.commit();
  const reasons = anna.peer.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason]);
  expect(reasons).toEqual([
    [4, RefusedReason.tooLarge],
    [6, RefusedReason.roomFull],
  ]);
  // The other rooms of this host keep the host's limits.
  const ben = await fixture.join();
  expect(ben.peer.last('welcome')).toMatchObject({ rate: 20, burst: 60, bodyMax: 4_096 });
});

test('P15 P53 a page of the SDK keeps to the rate of its welcome: the server never has to pause it', async () => {
  const [rate, burst] = [10, 5];
  const scene = new TestSetup();
  Object.assign(scene.room, { rate, burst });
  const page = await scene.open();
  const arrivals: number[] = [];
  scene.room.intercept = () => {
    arrivals.push(scene.time.now());
    return false;
  };
  const random = seededRandom(3);
  for (let sent = 0; sent < 200;) {
    const together = 1 + Math.floor(random() * 12);
    for (let each = 0; each < together; each++) page.session.send(add(1));
    sent += together;
    await scene.time.advance(random() * 2_000);
  }
  await scene.time.advance(20_000);
  const bucket = new TokenBucket(rate, burst, 0);
  expect(arrivals.length).toBeGreaterThanOrEqual(200);
  for (const at of arrivals) expect(bucket.take(at)).toBeLessThan(1e-6);
  // And it is not slower than allowed: the first messages came at once.
  expect(arrivals[0]).toBe(arrivals[1]);
});

test('a room’s rates follow those of its players unless they are set', () => {
  expect(gameLimits({ messageRate: 5, messageBurst: 10 })).toMatchObject({ roomRate: 20, roomBurst: 80 });
  expect(gameLimits({ messageRate: 5, roomRate: 7 })).toMatchObject({ roomRate: 7, roomBurst: 480 });
  const base = gameLimits({ roomRate: 7 });
  expect(withRoomLimits(base, { messageBurst: 5 })).toMatchObject({ roomRate: 7, roomBurst: 40 });
  expect(withRoomLimits(base, undefined)).toBe(base);
});
