/** Holds: the log cannot store, or the outcome of an append is unknown. */
import { expect, test } from 'bun:test';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import { createGameFixture, OTHER_ROOM, ROOM } from '../../../../test/support/in-process/game-fixture.ts';

/** Fills the disk so that nothing more can be stored. */
const fill = (fixture: Awaited<ReturnType<typeof createGameFixture>>) =>
  fixture.journal.disk.setCapacity(fixture.journal.disk.usedBytes());
const empty = (fixture: Awaited<ReturnType<typeof createGameFixture>>) =>
  fixture.journal.disk.setCapacity(Number.POSITIVE_INFINITY);

test('P42 a refused append puts the room on hold: heads and client seqs are reset to the durable ones', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  anna.send(1);
  await fixture.commit();
  for (const page of [anna, ben]) page.clearReceived();
  fixture.log.nextAppends.push('refused');
  fixture.log.emitState('hold');
  anna.send(2);
  expect(fixture.log.appends).toHaveLength(2);
  fixture.log.emitState('serving');
  fixture.log.nextAppends.length = 0;
  const release = fixture.log.holdAppends();
  fixture.log.nextAppends.push('refused');
  anna.send(2);
  anna.send(3);
  ben.send(1);
  release();
  await fixture.commit();
  expect(ben.peer.all('hold').map(({ on }) => on)).toEqual([1, 0, 1]);
  expect([anna.moves(), ben.moves()]).toEqual([[], []]);
  anna.ping(4);
  expect(anna.peer.last('heartbeat').seq).toBe(4);
  const late = await fixture.join({ seat: 3 });
  expect(late.peer.last('welcome').seq).toBe(4);
  expect(late.moves()).toEqual(['m1']);
});

test('P42 after the hold clients resend: nothing is lost, nothing comes twice, the order is kept', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  anna.send(1);
  await fixture.commit();
  fixture.log.nextAppends.push('refused');
  for (const seq of [2, 3]) anna.send(seq);
  ben.send(1, 'b1');
  await fixture.commit();
  // Sent during the hold: ignored without a reply, and the client seq does not advance.
  anna.send(4);
  ben.send(2, 'b2');
  await fixture.commit();
  expect(ben.moves()).toEqual(['m1']);
  await fixture.world.advance(1_000);
  expect(anna.peer.all('hold').map(({ on }) => on)).toEqual([1, 0]);
  for (const seq of [2, 3, 4]) anna.send(seq);
  for (const seq of [1, 2]) ben.send(seq, `b${seq}`);
  await fixture.commit();
  expect(anna.moves()).toEqual(['m1', 'm2', 'm3', 'm4', 'b1', 'b2']);
  expect(ben.moves()).toEqual(anna.moves());
  expect(ben.seqs()).toEqual([...ben.seqs().keys()].map((index) => index + 1));
});

test('P42 a client whose first message was in a refused append gets a new client record', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  fixture.log.nextAppends.push('refused');
  anna.send(1);
  await fixture.world.advance(2_000);
  ben.send(1, 'b1');
  anna.send(1);
  await fixture.commit();
  const clients = ben.records().filter((record) => record.kind === RecordKind.client);
  expect(clients.map(({ client, seat }) => [client, seat])).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(ben.moves()).toEqual(['b1', 'm1']);
});

test('P42 a disk that fills up and is emptied again: hold for every room, then play continues', async () => {
  const fixture = await createGameFixture();
  fixture.store.addRoom(OTHER_ROOM, fixture.world.clock.now());
  const anna = await fixture.join({ seat: 1 });
  const other = await fixture.join({ room: OTHER_ROOM });
  fill(fixture);
  let seq = 0;
  // The journal has preallocated space: it must be used up first.
  while (anna.peer.all('hold').length === 0 && seq < 4_000) {
    anna.send(++seq, 'x'.repeat(4_000));
    await fixture.world.advance(100);
  }
  expect(anna.peer.last('hold').on).toBe(1);
  expect(other.peer.last('hold').on).toBe(1);
  expect(fixture.game.health()).toContain('cannot store');
  const shown = anna.seqs().at(-1)!;
  const joined = await fixture.join({ seat: 2 });
  expect(joined.peer.names().slice(0, 2)).toEqual(['welcome', 'hold']);
  expect(joined.seqs().at(-1)).toBe(shown);
  empty(fixture);
  await fixture.world.advance(10_000);
  expect([anna, other, joined].map((page) => page.peer.last('hold').on)).toEqual([0, 0, 0]);
  anna.send(seq, 'last');
  await fixture.commit();
  expect(anna.moves().at(-1)).toBe('last');
  expect(joined.seqs()).toEqual(anna.seqs());
  expect(fixture.game.health()).toBeNull();
});

test('P42 the state of the log and a refused append may both report a hold: pages get it once', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join();
  const release = fixture.log.holdAppends();
  fixture.log.nextAppends.push('refused');
  anna.send(1);
  fixture.log.emitState('hold');
  release();
  await fixture.world.advance(3_000);
  expect(anna.peer.all('hold')).toEqual([{ on: 1 }]);
  fixture.log.emitState('serving');
  fixture.log.emitState('serving');
  expect(anna.peer.all('hold')).toEqual([{ on: 1 }, { on: 0 }]);
});

test('P19 P42 a page that joins during a hold gets it right after the welcome', async () => {
  const fixture = await createGameFixture();
  await fixture.join({ seat: 1 });
  fixture.log.emitState('hold');
  const ben = await fixture.join({ seat: 2 });
  expect(ben.peer.names().slice(0, 2)).toEqual(['welcome', 'hold']);
  fixture.log.emitState('serving');
  expect(ben.peer.last('hold').on).toBe(0);
});

test('P42 a room that is loaded during a hold is on hold, too', async () => {
  const fixture = await createGameFixture();
  fixture.log.emitState('hold');
  const anna = await fixture.join();
  anna.send(1);
  await fixture.commit();
  expect(anna.peer.last('hold').on).toBe(1);
  expect(anna.moves()).toEqual([]);
});

test('P61 an append with unknown outcome is never retried: the room is loaded again from the log', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ ids: [5] });
  anna.send(1);
  await fixture.commit();
  const { epoch } = anna.peer.last('welcome');
  fixture.log.nextAppends.push('unknown');
  anna.send(2);
  anna.send(3);
  await fixture.commit();
  expect(anna.closedWith).toBe(4005);
  expect(anna.moves()).toEqual(['m1']);
  const again = await fixture.join({ ids: [5], epoch, seq: 4 });
  // Message 2 was stored after all: the welcome states it, and the page resends only what is missing.
  expect(again.peer.last('welcome')).toMatchObject({
    resumed: 1,
    epoch: epoch + 1,
    clients: [{ number: 1, lastSeq: 2 }],
  });
  again.send(3);
  await fixture.commit();
  expect(again.moves(4)).toEqual(['m2', 'm3']);
});

test('P61 a fenced append closes the sockets with 4005, and the room accepts nothing more', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  // Another process with the same slot name opens the room: the log fences us.
  await fixture.world.until(fixture.log.open(ROOM, 2_000_000_000, { epoch: 0, seq: 0, ms: 0 }));
  anna.send(1);
  await fixture.commit();
  expect([anna.closedWith, ben.closedWith]).toEqual([4005, 4005]);
  expect(ben.moves()).toEqual([]);
  const back = await fixture.join({ seat: 2 });
  expect(back.peer.last('welcome').epoch).toBe(2_000_000_001);
});

test('P61 an append that throws, at once or later, counts as unknown', async () => {
  for (const late of [true, false]) {
    const fixture = await createGameFixture();
    const anna = await fixture.join();
    const { append } = fixture.log;
    fixture.log.append = () => {
      fixture.log.append = append;
      if (late) return Promise.reject(new Error('connection reset'));
      throw new Error('a bug');
    };
    anna.send(1);
    await fixture.commit();
    expect(anna.closedWith).toBe(4005);
    expect((await fixture.join()).closedWith).toBeNull();
  }
});

test('P61 the append of the first records of an epoch may have an unknown outcome, too', async () => {
  const fixture = await createGameFixture();
  fixture.log.nextAppends.push('unknown');
  const anna = await fixture.join();
  expect(anna.closedWith).toBeNull();
  expect(anna.seqs()).toEqual([1, 2, 3]);
  const kinds = anna.records().map((record) => record.kind);
  expect(kinds).toEqual([RecordKind.open, RecordKind.epoch, RecordKind.epoch]);
});
