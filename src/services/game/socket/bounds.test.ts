/** Limits: one socket, one address, one room cannot hurt the others. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { RefusedReason } from '../../../../sdk/protocol/refused.ts';
import { createGameBench, OTHER_ROOM, ROOM, SLOT } from '../../../../test/support/in-process/game-fixture.ts';
import { socketPath } from '../../../domain/room.ts';
import { BATCH_BYTES_MAX } from '../room/append-batch.ts';
import { TokenBucket } from '../../../lib/token-bucket.ts';

test('P51 a frame of more than 8 KB is too large, before the hello and after it', async () => {
  const bench = await createGameBench();
  const early = bench.open();
  early.peer.say(new Uint8Array(8_193));
  const late = await bench.join();
  late.peer.say(new Uint8Array(8_193).fill(0x21));
  expect([early.closedWith, late.closedWith]).toEqual([4413, 4413]);
});

test('P52 a body of 4 KB is taken, one more byte is refused', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  anna.send(1, 'x'.repeat(4_096));
  anna.send(2, 'x'.repeat(4_097));
  await bench.commit();
  expect(anna.peer.last('refused')).toEqual({ client: 0, clientSeq: 2, reason: RefusedReason.tooLarge });
  expect(anna.moves()).toHaveLength(1);
});

test('P53 over its rate a socket is not read until its debt is paid, then it goes on', async () => {
  const bench = await createGameBench({ messageRate: 10, messageBurst: 5 });
  const anna = await bench.join();
  for (let seq = 1; seq <= 5; seq++) anna.send(seq);
  expect(anna.peer.paused).toBe(false);
  // What was read already is still taken, and adds to the debt: one second's worth.
  for (let seq = 6; seq <= 15; seq++) anna.send(seq);
  expect(anna.peer.paused).toBe(true);
  await bench.world.advance(990);
  expect(anna.peer.paused).toBe(true);
  await bench.world.advance(20);
  expect(anna.peer.paused).toBe(false);
  anna.send(16);
  await bench.commit();
  expect(anna.moves()).toHaveLength(16);
  expect(anna.closedWith).toBeNull();
});

test('P53 more than five seconds of debt closes with 4002', async () => {
  const bench = await createGameBench({ messageRate: 10, messageBurst: 5 });
  const anna = await bench.join();
  for (let seq = 1; seq <= 55; seq++) anna.send(seq);
  expect(anna.closedWith).toBeNull();
  anna.send(56);
  expect(anna.closedWith).toBe(4002);
});

test('P53 signals and pings have an allowance of their own', async () => {
  const bench = await createGameBench({ smallRate: 10, smallBurst: 5 });
  const anna = await bench.join({ seat: 1 });
  for (let step = 0; step < 5; step++) anna.signal(step);
  anna.send(1);
  expect(anna.peer.paused).toBe(false);
  anna.ping(1);
  expect(anna.peer.paused).toBe(true);
  const ben = await bench.join({ seat: 2 });
  for (let step = 0; step < 56; step++) ben.ping(1);
  expect([anna.closedWith, ben.closedWith]).toEqual([null, 4002]);
});

test('P53 pings and pongs of the WebSocket layer are paid for out of the same allowance', async () => {
  for (const control of ['ownPing', 'pong'] as const) {
    const bench = await createGameBench({ smallRate: 10, smallBurst: 5 });
    const anna = await bench.join();
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

test('P53 before its welcome a socket has so many pings and pongs, one more closes it with 4002', async () => {
  for (const says of ['nothing', 'hello'] as const) {
    const bench = await createGameBench();
    bench.store.loadRoom = () => new Promise(() => {});
    const page = bench.open();
    if (says === 'hello') page.hello();
    for (let count = 1; count <= 16; count++) page.peer[count % 2 ? 'ownPing' : 'pong']();
    expect(page.closedWith).toBeNull();
    page.peer.ownPing();
    expect(page.closedWith).toBe(4002);
  }
});

test('P49 P53 the pong that was asked for costs nothing, however long a page only listens', async () => {
  const bench = await createGameBench({ smallRate: 0.001, smallBurst: 1 });
  const quiet = await bench.join();
  for (let minute = 0; minute < 10; minute++) {
    for (let beat = 0; beat < 4; beat++) {
      const { pings } = quiet.peer;
      await bench.world.advance(15_000);
      if (quiet.peer.pings > pings) quiet.peer.pong();
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
        const allowance = new TokenBucket(rate, burst, now);
        for (const more of extra) {
          now += ((1 + more) * 1_000) / rate;
          if (allowance.take(now) > 1e-6) return false;
        }
        return true;
      },
    ),
  );
});

test('P53 whatever a sender does, what is taken in t seconds is at most burst + rate × t + the debt allowed', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }), (gaps) => {
      const [rate, burst, debtMsMax] = [10, 5, 5_000];
      let now = 0;
      let taken = 0;
      const allowance = new TokenBucket(rate, burst, now);
      for (const gap of gaps) {
        now += gap;
        if (allowance.take(now) > debtMsMax) break;
        taken++;
      }
      return taken <= burst + (rate * (now + debtMsMax)) / 1_000 + 1e-6;
    }),
  );
});

test('P54 a socket that falls behind has five seconds, then it is closed with 4001', async () => {
  const bench = await createGameBench({ outputBytesSoft: 2_000, messageBurst: 1_000 });
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  ben.peer.stuck = true;
  for (let seq = 1; seq <= 3; seq++) {
    anna.send(seq, 'x'.repeat(900));
    await bench.commit();
  }
  await bench.world.advance(4_900);
  expect(ben.closedWith).toBeNull();
  await bench.world.advance(200);
  expect(ben.closedWith).toBe(4001);
  expect(anna.moves()).toHaveLength(3);
});

test('P54 one that catches up within its grace stays and has missed nothing', async () => {
  const bench = await createGameBench({ outputBytesSoft: 2_000, messageBurst: 1_000 });
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  ben.peer.stuck = true;
  for (let seq = 1; seq <= 5; seq++) {
    anna.send(seq, 'x'.repeat(900));
    await bench.commit();
  }
  await bench.world.advance(4_000);
  ben.peer.drain();
  await bench.world.advance(10_000);
  anna.send(6);
  await bench.commit();
  expect(ben.closedWith).toBeNull();
  expect(ben.seqs()).toEqual(anna.seqs());
});

test('P54 every time it falls behind it has its full grace', async () => {
  const bench = await createGameBench({ outputBytesSoft: 500 });
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  for (const seq of [1, 2]) {
    ben.peer.stuck = true;
    anna.send(seq, 'x'.repeat(900));
    await bench.world.advance(4_000);
    if (seq === 1) ben.peer.drain();
  }
  expect(ben.closedWith).toBeNull();
  await bench.world.advance(1_100);
  expect(ben.closedWith).toBe(4001);
});

test('P54 over the hard cap there is no grace', async () => {
  const bench = await createGameBench({ outputBytesSoft: 500, outputBytesHard: 2_000 });
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  ben.peer.stuck = true;
  anna.send(1, 'x'.repeat(1_900));
  await bench.commit();
  expect(ben.closedWith).toBeNull();
  anna.send(2, 'x'.repeat(200));
  await bench.commit();
  expect([ben.closedWith, anna.closedWith]).toEqual([4001, null]);
});

test('P55 a room takes so many sockets; one more is told to come back', async () => {
  const bench = await createGameBench({ socketsPerRoomMax: 2 });
  await bench.join({ seat: 1 });
  const two = await bench.join({ seat: 2 });
  expect((await bench.join({ seat: 3 })).closedWith).toBe(4006);
  two.peer.leave();
  expect((await bench.join({ seat: 3 })).closedWith).toBeNull();
});

test('P55 sockets of one address are counted, and uncounted when they go', async () => {
  const bench = await createGameBench({ socketsPerAddressMax: 2 });
  const one = await bench.join({ seat: 1 });
  await bench.join({ seat: 2 });
  expect(() => bench.open()).toThrow('503');
  expect((await bench.join({ seat: 3, address: '10.0.0.2' })).closedWith).toBeNull();
  one.peer.leave();
  expect((await bench.join({ seat: 1 })).closedWith).toBeNull();
});

test('P55 a player who only reconnects is never counted out: the old socket goes as the new one comes', async () => {
  const bench = await createGameBench({ socketsPerAddressMax: 3 });
  await bench.join({ seat: 2 });
  for (let round = 0; round < 20; round++) expect((await bench.join({ seat: 1 })).closedWith).toBeNull();
  expect(bench.game.counts().sockets).toBe(2);
});

test('P55 sockets that have not said hello are bounded', async () => {
  const bench = await createGameBench({ socketsWaitingMax: 2 });
  const waiting = bench.open();
  const other = bench.open();
  const offer = { path: socketPath(SLOT, ROOM), address: '10.0.0.1', origin: null };
  // The front end makes a header `Retry-After` of it.
  expect(bench.game.sockets(offer)).toEqual({ accept: false, status: 503, retryAfter: 2 });
  waiting.hello();
  other.peer.leave();
  for (let round = 0; round < 5; round++) bench.open().peer.leave();
  await bench.commit();
  expect((await bench.join({ seat: 2 })).closedWith).toBeNull();
});

test('P55 a room has its totals: entries, bytes, clients', async () => {
  const reasons = async (limits: Parameters<typeof createGameBench>[0]) => {
    const bench = await createGameBench(limits);
    const anna = await bench.join({ seat: 1 });
    for (let seq = 1; seq <= 3; seq++) anna.send(seq, 'x'.repeat(100));
    const ben = await bench.join({ seat: 2 });
    ben.send(1, 'x'.repeat(100));
    await bench.commit();
    return [anna, ben].map((page) =>
      page.peer.all('refused').map(({ clientSeq, reason }) => [clientSeq, reason]),
    );
  };
  const { roomFull, tooManyClients } = RefusedReason;
  expect(await reasons({ roomEntriesMax: 5 })).toEqual([[[3, roomFull]], [[1, roomFull]]]);
  expect(await reasons({ roomBytesMax: 500 })).toEqual([[[3, roomFull]], [[1, roomFull]]]);
  expect(await reasons({ roomClientsMax: 1 })).toEqual([[], [[1, tooManyClients]]]);
});

test('P55 the bytes in the archive count for the room', async () => {
  const bench = await createGameBench({ roomBytesMax: 1_000 });
  const anna = await bench.join();
  anna.send(1, 'x'.repeat(400));
  await bench.commit();
  await bench.store.sweep(bench.log, ROOM);
  await bench.crash();
  const ben = await bench.join({ seat: 2 });
  ben.send(1, 'x'.repeat(400));
  expect(ben.peer.last('refused').reason).toBe(RefusedReason.roomFull);
});

test('P57 what waits for the log is bounded: what is beyond is asked for again once there is room', async () => {
  const bench = await createGameBench({ messageRate: 1_000, messageBurst: 1_000 });
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  const release = bench.log.block();
  const big = 'x'.repeat(4_000);
  anna.send(1);
  // The first is under way; of the others about 128 KB find room.
  for (let seq = 2; seq <= 50; seq++) anna.send(seq, big);
  expect(anna.peer.all('expect')).toEqual([]);
  release();
  await bench.commit();
  expect(bench.log.appends.at(-1)!.records.length).toBeLessThanOrEqual(BATCH_BYTES_MAX);
  expect(anna.peer.all('expect')).toEqual([{ client: 0, next: 2 }]);
  const taken = anna.moves().length;
  expect(taken).toBe(1 + Math.floor(BATCH_BYTES_MAX / 4_010));
  for (let seq = 2; seq <= 50; seq++) anna.send(seq, big);
  await bench.commit();
  for (const page of [anna, ben]) expect(page.moves()).toHaveLength(50);
  expect(anna.peer.all('expect')).toHaveLength(1);
  expect(anna.closedWith).toBeNull();
});

test('one room at its limits does not touch another', async () => {
  const bench = await createGameBench({ messageRate: 10, messageBurst: 5 });
  bench.store.addRoom(OTHER_ROOM, bench.world.clock.now());
  const anna = await bench.join({ seat: 1 });
  const flood = await bench.join({ seat: 1, room: OTHER_ROOM });
  for (let seq = 1; seq <= 100; seq++) flood.send(seq);
  anna.send(1);
  await bench.commit();
  expect([flood.closedWith, anna.closedWith]).toEqual([4002, null]);
  expect(anna.moves()).toEqual(['m1']);
});
