/** When the log cannot store, or cannot say whether it did. */
import { expect, test } from 'bun:test';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import { createGameBench, OTHER_ROOM, ROOM } from '../../../../test/support/in-process/game-fixture.ts';

/** Fills the disk so that nothing more can be stored. */
const fill = (bench: Awaited<ReturnType<typeof createGameBench>>) =>
  bench.journal.disk.setCapacity(bench.journal.disk.usedBytes());
const empty = (bench: Awaited<ReturnType<typeof createGameBench>>) =>
  bench.journal.disk.setCapacity(Number.POSITIVE_INFINITY);

test('P42 a refused append puts the room on hold: heads and dedupe are back at what is durable', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  anna.send(1);
  await bench.commit();
  for (const page of [anna, ben]) page.forget();
  bench.log.nextAppends.push('refused');
  bench.log.say('hold');
  anna.send(2);
  expect(bench.log.appends).toHaveLength(2);
  bench.log.say('serving');
  bench.log.nextAppends.length = 0;
  const release = bench.log.block();
  bench.log.nextAppends.push('refused');
  anna.send(2);
  anna.send(3);
  ben.send(1);
  release();
  await bench.commit();
  expect(ben.peer.all('hold').map(({ on }) => on)).toEqual([1, 0, 1]);
  expect([anna.moves(), ben.moves()]).toEqual([[], []]);
  anna.ping(4);
  expect(anna.peer.last('heartbeat').seq).toBe(4);
  const late = await bench.join({ seat: 3 });
  expect(late.peer.last('welcome').seq).toBe(4);
  expect(late.moves()).toEqual(['m1']);
});

test('P42 after the hold the senders send again: nothing is lost, nothing twice, order kept', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  anna.send(1);
  await bench.commit();
  bench.log.nextAppends.push('refused');
  for (const seq of [2, 3]) anna.send(seq);
  ben.send(1, 'b1');
  await bench.commit();
  // Sent during the hold: dropped without a word, and not counted.
  anna.send(4);
  ben.send(2, 'b2');
  await bench.commit();
  expect(ben.moves()).toEqual(['m1']);
  await bench.world.advance(1_000);
  expect(anna.peer.all('hold').map(({ on }) => on)).toEqual([1, 0]);
  for (const seq of [2, 3, 4]) anna.send(seq);
  for (const seq of [1, 2]) ben.send(seq, `b${seq}`);
  await bench.commit();
  expect(anna.moves()).toEqual(['m1', 'm2', 'm3', 'm4', 'b1', 'b2']);
  expect(ben.moves()).toEqual(anna.moves());
  expect(ben.seqs()).toEqual([...ben.seqs().keys()].map((index) => index + 1));
});

test('P42 a client first heard of in a refused append gets its record anew', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  bench.log.nextAppends.push('refused');
  anna.send(1);
  await bench.world.advance(2_000);
  ben.send(1, 'b1');
  anna.send(1);
  await bench.commit();
  const clients = ben.records().filter((record) => record.kind === RecordKind.client);
  expect(clients.map(({ client, seat }) => [client, seat])).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(ben.moves()).toEqual(['b1', 'm1']);
});

test('P42 a disk that fills up and is emptied again: hold for every room, then play goes on', async () => {
  const bench = await createGameBench();
  bench.store.addRoom(OTHER_ROOM, bench.world.clock.now());
  const anna = await bench.join({ seat: 1 });
  const other = await bench.join({ room: OTHER_ROOM });
  fill(bench);
  let seq = 0;
  // The journal has a reserve; at some point it is used up.
  while (anna.peer.all('hold').length === 0 && seq < 4_000) {
    anna.send(++seq, 'x'.repeat(4_000));
    await bench.world.advance(100);
  }
  expect(anna.peer.last('hold').on).toBe(1);
  expect(other.peer.last('hold').on).toBe(1);
  expect(bench.game.health()).toContain('cannot store');
  const shown = anna.seqs().at(-1)!;
  const joined = await bench.join({ seat: 2 });
  expect(joined.peer.names().slice(0, 2)).toEqual(['welcome', 'hold']);
  expect(joined.seqs().at(-1)).toBe(shown);
  empty(bench);
  await bench.world.advance(10_000);
  expect([anna, other, joined].map((page) => page.peer.last('hold').on)).toEqual([0, 0, 0]);
  anna.send(seq, 'last');
  await bench.commit();
  expect(anna.moves().at(-1)).toBe('last');
  expect(joined.seqs()).toEqual(anna.seqs());
  expect(bench.game.health()).toBeNull();
});

test('P42 the log and an append of ours may both say so: pages are told once', async () => {
  const bench = await createGameBench();
  const anna = await bench.join();
  const release = bench.log.block();
  bench.log.nextAppends.push('refused');
  anna.send(1);
  bench.log.say('hold');
  release();
  await bench.world.advance(3_000);
  expect(anna.peer.all('hold')).toEqual([{ on: 1 }]);
  bench.log.say('serving');
  bench.log.say('serving');
  expect(anna.peer.all('hold')).toEqual([{ on: 1 }, { on: 0 }]);
});

test('P19 P42 who joins during a hold is told so right after the welcome', async () => {
  const bench = await createGameBench();
  await bench.join({ seat: 1 });
  bench.log.say('hold');
  const ben = await bench.join({ seat: 2 });
  expect(ben.peer.names().slice(0, 2)).toEqual(['welcome', 'hold']);
  bench.log.say('serving');
  expect(ben.peer.last('hold').on).toBe(0);
});

test('P42 a room loaded during a hold holds, too', async () => {
  const bench = await createGameBench();
  bench.log.say('hold');
  const anna = await bench.join();
  anna.send(1);
  await bench.commit();
  expect(anna.peer.last('hold').on).toBe(1);
  expect(anna.moves()).toEqual([]);
});

test('P61 an unknown outcome is never tried again: the room is opened anew and the log is read', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ ids: [5] });
  anna.send(1);
  await bench.commit();
  const { epoch } = anna.peer.last('welcome');
  bench.log.nextAppends.push('unknown');
  anna.send(2);
  anna.send(3);
  await bench.commit();
  expect(anna.closedWith).toBe(4005);
  expect(anna.moves()).toEqual(['m1']);
  const again = await bench.join({ ids: [5], epoch, seq: 4 });
  // It had been stored after all; the page sees that by the welcome and sends only what is missing.
  expect(again.peer.last('welcome')).toMatchObject({
    resumed: 1,
    epoch: epoch + 1,
    clients: [{ number: 1, lastSeq: 2 }],
  });
  again.send(3);
  await bench.commit();
  expect(again.moves(4)).toEqual(['m2', 'm3']);
});

test('P61 a fenced append closes the sockets with 4005 and takes nothing more', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  // Another process with the same slot name opens the room: the log shuts us out.
  await bench.world.until(bench.log.open(ROOM, 2_000_000_000, { epoch: 0, seq: 0, ms: 0 }));
  anna.send(1);
  await bench.commit();
  expect([anna.closedWith, ben.closedWith]).toEqual([4005, 4005]);
  expect(ben.moves()).toEqual([]);
  const back = await bench.join({ seat: 2 });
  expect(back.peer.last('welcome').epoch).toBe(2_000_000_001);
});

test('P61 an append that throws, at once or later, counts as unknown', async () => {
  for (const late of [true, false]) {
    const bench = await createGameBench();
    const anna = await bench.join();
    const { append } = bench.log;
    bench.log.append = () => {
      bench.log.append = append;
      if (late) return Promise.reject(new Error('connection reset'));
      throw new Error('a bug');
    };
    anna.send(1);
    await bench.commit();
    expect(anna.closedWith).toBe(4005);
    expect((await bench.join()).closedWith).toBeNull();
  }
});

test('P61 the first records of an epoch may meet an unknown outcome, too', async () => {
  const bench = await createGameBench();
  bench.log.nextAppends.push('unknown');
  const anna = await bench.join();
  expect(anna.closedWith).toBeNull();
  expect(anna.seqs()).toEqual([1, 2, 3]);
  const kinds = anna.records().map((record) => record.kind);
  expect(kinds).toEqual([RecordKind.open, RecordKind.epoch, RecordKind.epoch]);
});
