/** Limits: one socket, one address, one room cannot hurt the others (I6). */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { RefusedReason } from '../../../../sdk/protocol/refused.ts';
import {
  createGameFixture,
  OTHER_ROOM,
  ROOM,
  SLOT,
} from '../../../../test/support/in-process/game-fixture.ts';
import { socketPath } from '../../../domain/room.ts';
import { BATCH_BYTES_MAX } from '../room/append-batch.ts';
import { TokenBucket } from '../../../lib/token-bucket.ts';

test('P51 a frame of more than 8 KB is too large, before the hello and after it', async () => {
  const fixture = await createGameFixture();
  const early = fixture.open();
  early.peer.sendFromPage(new Uint8Array(8_193));
  const late = await fixture.join();
  late.peer.sendFromPage(new Uint8Array(8_193).fill(0x21));
  expect([early.closedWith, late.closedWith]).toEqual([4413, 4413]);
});

test('P52 a body of 4 KB is accepted, one more byte is refused', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  anna.send(1, 'x'.repeat(4_096));
  anna.send(2, 'x'.repeat(4_097));
  await fixture.commit();
  expect(anna.peer.last('refused')).toEqual({ client: 0, clientSeq: 2, reason: RefusedReason.tooLarge });
  expect(anna.moves()).toHaveLength(1);
});

test('P53 over its rate a socket is not read until its debt is paid, then reading continues', async () => {
  const fixture = await createGameFixture({ messageRate: 10, messageBurst: 5 });
  const anna = await fixture.join();
  for (let seq = 1; seq <= 5; seq++) anna.send(seq);
  expect(anna.peer.paused).toBe(false);
  // Frames that were read already are still accepted and add to the debt: one second of it.
  for (let seq = 6; seq <= 15; seq++) anna.send(seq);
  expect(anna.peer.paused).toBe(true);
  await fixture.world.advance(990);
  expect(anna.peer.paused).toBe(true);
  await fixture.world.advance(20);
  expect(anna.peer.paused).toBe(false);
  anna.send(16);
  await fixture.commit();
  expect(anna.moves()).toHaveLength(16);
  expect(anna.closedWith).toBeNull();
});

test('P53 more than five seconds of debt closes with 4002', async () => {
  const fixture = await createGameFixture({ messageRate: 10, messageBurst: 5 });
  const anna = await fixture.join();
  for (let seq = 1; seq <= 55; seq++) anna.send(seq);
  expect(anna.closedWith).toBeNull();
  anna.send(56);
  expect(anna.closedWith).toBe(4002);
});

test('P53 signals and pings have a rate limit of their own', async () => {
  const fixture = await createGameFixture({ controlRate: 10, controlBurst: 5 });
  const anna = await fixture.join({ seat: 1 });
  for (let step = 0; step < 5; step++) anna.signal(step);
  anna.send(1);
  expect(anna.peer.paused).toBe(false);
  anna.ping(1);
  expect(anna.peer.paused).toBe(true);
  const ben = await fixture.join({ seat: 2 });
  for (let step = 0; step < 56; step++) ben.ping(1);
  expect([anna.closedWith, ben.closedWith]).toEqual([null, 4002]);
});

test('P53 WebSocket pings and pongs count towards the same rate limit', async () => {
  for (const control of ['pingFromPage', 'pongFromPage'] as const) {
    const fixture = await createGameFixture({ controlRate: 10, controlBurst: 5 });
    const anna = await fixture.join();
    for (let count = 1; count <= 5; count++) anna.peer[control]();
    expect(anna.peer.paused).toBe(false);
    anna.peer[control]();
    expect(anna.peer.paused).toBe(true);
    for (let count = 7; count <= 55; count++) anna.peer[control]();
    expect(anna.closedWith).toBeNull();
    anna.peer[control]();
    expect(anna.closedWith).toBe(4002);
  }
});

test('P53 before its welcome a socket may send 16 WebSocket pings and pongs; one more closes it with 4002', async () => {
  for (const sent of ['nothing', 'hello'] as const) {
    const fixture = await createGameFixture();
    fixture.store.loadRoom = () => new Promise(() => {});
    const page = fixture.open();
    if (sent === 'hello') page.hello();
    for (let count = 1; count <= 16; count++) page.peer[count % 2 ? 'pingFromPage' : 'pongFromPage']();
    expect(page.closedWith).toBeNull();
    page.peer.pingFromPage();
    expect(page.closedWith).toBe(4002);
  }
});

test('P49 P53 the pong to a ping of the server is free, however long a page sends nothing else', async () => {
  const fixture = await createGameFixture({ controlRate: 0.001, controlBurst: 1 });
  const quiet = await fixture.join();
  for (let minute = 0; minute < 10; minute++) {
    for (let beat = 0; beat < 4; beat++) {
      const { pings } = quiet.peer;
      await fixture.world.advance(15_000);
      if (quiet.peer.pings > pings) quiet.peer.pongFromPage();
    }
  }
  expect([quiet.closedWith, quiet.peer.paused]).toEqual([null, false]);
});

test('P53 a sender at its rate is never paused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 200 }),
      (rate, burst, extra) => {
        let now = 0;
        const bucket = new TokenBucket(rate, burst, now);
        for (const more of extra) {
          now += ((1 + more) * 1_000) / rate;
          if (bucket.take(now) > 1e-6) return false;
        }
        return true;
      },
    ),
  );
});

test('P53 whatever a sender does, at most burst + rate × t + the allowed debt is accepted in t seconds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }), (gaps) => {
      const [rate, burst, debtMsMax] = [10, 5, 5_000];
      let now = 0;
      let taken = 0;
      const bucket = new TokenBucket(rate, burst, now);
      for (const gap of gaps) {
        now += gap;
        if (bucket.take(now) > debtMsMax) break;
        taken++;
      }
      return taken <= burst + (rate * (now + debtMsMax)) / 1_000 + 1e-6;
    }),
  );
});

test('P54 a socket over the soft limit has five seconds, then it is closed with 4001', async () => {
  const fixture = await createGameFixture({ outputBytesSoft: 2_000, messageBurst: 1_000 });
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  ben.peer.isStuck = true;
  for (let seq = 1; seq <= 3; seq++) {
    anna.send(seq, 'x'.repeat(900));
    await fixture.commit();
  }
  await fixture.world.advance(4_900);
  expect(ben.closedWith).toBeNull();
  await fixture.world.advance(200);
  expect(ben.closedWith).toBe(4001);
  expect(anna.moves()).toHaveLength(3);
});

test('P54 a socket that drains within its grace period stays open and has missed nothing', async () => {
  const fixture = await createGameFixture({ outputBytesSoft: 2_000, messageBurst: 1_000 });
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  ben.peer.isStuck = true;
  for (let seq = 1; seq <= 5; seq++) {
    anna.send(seq, 'x'.repeat(900));
    await fixture.commit();
  }
  await fixture.world.advance(4_000);
  ben.peer.takeAll();
  await fixture.world.advance(10_000);
  anna.send(6);
  await fixture.commit();
  expect(ben.closedWith).toBeNull();
  expect(ben.seqs()).toEqual(anna.seqs());
});

test('P54 a socket has the full grace period each time it exceeds the soft limit', async () => {
  const fixture = await createGameFixture({ outputBytesSoft: 500 });
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  for (const seq of [1, 2]) {
    ben.peer.isStuck = true;
    anna.send(seq, 'x'.repeat(900));
    await fixture.world.advance(4_000);
    if (seq === 1) ben.peer.takeAll();
  }
  expect(ben.closedWith).toBeNull();
  await fixture.world.advance(1_100);
  expect(ben.closedWith).toBe(4001);
});

test('P54 over the hard limit there is no grace period', async () => {
  const fixture = await createGameFixture({ outputBytesSoft: 500, outputBytesHard: 2_000 });
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  ben.peer.isStuck = true;
  anna.send(1, 'x'.repeat(1_900));
  await fixture.commit();
  expect(ben.closedWith).toBeNull();
  anna.send(2, 'x'.repeat(200));
  await fixture.commit();
  expect([ben.closedWith, anna.closedWith]).toEqual([4001, null]);
});

test('P55 the sockets of a room are limited; one more is closed with 4006', async () => {
  const fixture = await createGameFixture({ socketsPerRoomMax: 2 });
  await fixture.join({ seat: 1 });
  const two = await fixture.join({ seat: 2 });
  expect((await fixture.join({ seat: 3 })).closedWith).toBe(4006);
  two.peer.closeFromPage();
  expect((await fixture.join({ seat: 3 })).closedWith).toBeNull();
});

test('P55 sockets of one address are counted until they close', async () => {
  const fixture = await createGameFixture({ socketsPerAddressMax: 2 });
  const one = await fixture.join({ seat: 1 });
  await fixture.join({ seat: 2 });
  expect(() => fixture.open()).toThrow('503');
  expect((await fixture.join({ seat: 3, address: '10.0.0.2' })).closedWith).toBeNull();
  one.peer.closeFromPage();
  expect((await fixture.join({ seat: 1 })).closedWith).toBeNull();
});

test('P55 a player who only reconnects never reaches the limit: each new socket replaces the old one', async () => {
  const fixture = await createGameFixture({ socketsPerAddressMax: 3 });
  await fixture.join({ seat: 2 });
  for (let round = 0; round < 20; round++) expect((await fixture.join({ seat: 1 })).closedWith).toBeNull();
  expect(fixture.game.counts().sockets).toBe(2);
});

test('P55 the number of sockets without a hello is limited', async () => {
  const fixture = await createGameFixture({ socketsWaitingMax: 2 });
  const waiting = fixture.open();
  const other = fixture.open();
  const offer = { path: socketPath(SLOT, ROOM), address: '10.0.0.1', origin: null };
  // The front end sends it as the header `Retry-After`.
  expect(fixture.game.onUpgrade(offer)).toEqual({ accept: false, status: 503, retryAfter: 2 });
  waiting.hello();
  other.peer.closeFromPage();
  for (let round = 0; round < 5; round++) fixture.open().peer.closeFromPage();
  await fixture.commit();
  expect((await fixture.join({ seat: 2 })).closedWith).toBeNull();
});

test('P55 the totals of a room are limited: records, bytes, clients', async () => {
  const reasons = async (limits: Parameters<typeof createGameFixture>[0]) => {
    const fixture = await createGameFixture(limits);
    const anna = await fixture.join({ seat: 1 });
    for (let seq = 1; seq <= 3; seq++) anna.send(seq, 'x'.repeat(100));
    const ben = await fixture.join({ seat: 2 });
    ben.send(1, 'x'.repeat(100));
    await fixture.commit();
    return [anna, ben].map((page) =>
      page.peer.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason]),
    );
  };
  const { roomFull, tooManyClients } = RefusedReason;
  expect(await reasons({ roomEntriesMax: 5 })).toEqual([[[3, roomFull]], [[1, roomFull]]]);
  expect(await reasons({ roomBytesMax: 500 })).toEqual([[[3, roomFull]], [[1, roomFull]]]);
  expect(await reasons({ roomClientsMax: 1 })).toEqual([[], [[1, tooManyClients]]]);
});

test('P55 archived bytes count towards the total of the room', async () => {
  const fixture = await createGameFixture({ roomBytesMax: 1_000 });
  const anna = await fixture.join();
  anna.send(1, 'x'.repeat(400));
  await fixture.commit();
  await fixture.store.sweep(fixture.log, ROOM);
  await fixture.crash();
  const ben = await fixture.join({ seat: 2 });
  ben.send(1, 'x'.repeat(400));
  expect(ben.peer.last('refused').reason).toBe(RefusedReason.roomFull);
});

test('P57 the bytes that wait for the log are limited: what exceeds them is requested again after the commit', async () => {
  const fixture = await createGameFixture({ messageRate: 1_000, messageBurst: 1_000 });
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  const release = fixture.log.holdAppends();
  const big = 'x'.repeat(4_000);
  anna.send(1);
  // The first is in flight; of the others about 128 KB are accepted.
  for (let seq = 2; seq <= 50; seq++) anna.send(seq, big);
  expect(anna.peer.all('expect')).toEqual([]);
  release();
  await fixture.commit();
  expect(fixture.log.appends.at(-1)!.records.length).toBeLessThanOrEqual(BATCH_BYTES_MAX);
  expect(anna.peer.all('expect')).toEqual([{ client: 0, next: 2 }]);
  const accepted = anna.moves().length;
  expect(accepted).toBe(1 + Math.floor(BATCH_BYTES_MAX / 4_010));
  for (let seq = 2; seq <= 50; seq++) anna.send(seq, big);
  await fixture.commit();
  for (const page of [anna, ben]) expect(page.moves()).toHaveLength(50);
  expect(anna.peer.all('expect')).toHaveLength(1);
  expect(anna.closedWith).toBeNull();
});

test('one room at its limits does not affect another', async () => {
  const fixture = await createGameFixture({ messageRate: 10, messageBurst: 5 });
  fixture.store.addRoom(OTHER_ROOM, fixture.world.clock.now());
  const anna = await fixture.join({ seat: 1 });
  const flood = await fixture.join({ seat: 1, room: OTHER_ROOM });
  for (let seq = 1; seq <= 100; seq++) flood.send(seq);
  anna.send(1);
  await fixture.commit();
  expect([flood.closedWith, anna.closedWith]).toEqual([4002, null]);
  expect(anna.moves()).toEqual(['m1']);
});
