/** Replay: a page gets exactly the records it lacks, once and in order, from archive and log. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { DOWN_FRAME_BYTES_MAX } from '../../../../sdk/protocol/limits.ts';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import { createGameFixture, play, ROOM, upTo } from '../../../../test/support/in-process/game-fixture.ts';
import { encodeRecords, RoomScript } from '../../../../test/support/in-process/room-script.ts';
import { chunkPage } from './archive-pages.ts';
import { tailPage } from './replay.ts';

test('P20 a fresh page gets everything from record 1 on, then live', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 5);
  const ben = await fixture.join({ seat: 2 });
  expect(ben.peer.last('welcome').resumed).toBe(0);
  expect(ben.seqs()).toEqual(upTo(8));
  expect(ben.peer.names()).toEqual(['welcome', 'records', 'live', 'presence']);
  expect(ben.peer.last('live').seq).toBe(8);
});

test('P20 archived records are sent as stored chunks, the others as records', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 10);
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 4 });
  await play(fixture, anna, 3, 11);
  const ben = await fixture.join({ seat: 2 });
  expect(ben.peer.names()).toEqual([
    'welcome',
    'chunk',
    'chunk',
    'chunk',
    'chunk',
    'records',
    'live',
    'presence',
  ]);
  expect(ben.seqs()).toEqual(upTo(16));
  expect(ben.peer.all('chunk').map(({ first, last }) => [first, last])).toEqual([
    [1, 4],
    [5, 8],
    [9, 12],
    [13, 13],
  ]);
  const [stored] = fixture.store.of(ROOM).chunks;
  expect([...ben.peer.all('chunk')[0]!.deflated]).toEqual([...stored!.deflated]);
});

test('P20 P22 frames that are sent at the same moment leave in one write', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 3);
  anna.signal(1);
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 2 });
  await play(fixture, anna, 1, 4);
  const fresh = await fixture.join({ seat: 2 });
  const chunks = ['chunk', 'chunk', 'chunk'] as const;
  expect(fresh.peer.writeNames().slice(0, 3)).toEqual([
    ['welcome'],
    [...chunks],
    ['records', 'live', 'presence', 'signals'],
  ]);
  const { epoch, seq } = fresh.peer.last('welcome');
  fixture.log.emitState('hold');
  const resumed = await fixture.join({ seat: 3, epoch, seq });
  expect(resumed.peer.writeNames()[0]).toEqual(['welcome', 'hold', 'live', 'presence', 'signals']);
});

test('P22 live messages wait until the replay is over; each is sent once, in order', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 4);
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 2 });
  const ben = fixture.open({ seat: 2 });
  ben.peer.isStuck = true;
  ben.hello({ seat: 2 });
  await fixture.commit();
  await play(fixture, anna, 3, 5);
  // Its socket is backpressured: it got the welcome and nothing of the replay.
  expect(ben.peer.names()).toEqual(['welcome', 'presence']);
  ben.peer.takeAll();
  await fixture.commit();
  expect(ben.seqs()).toEqual(upTo(10));
  expect(ben.peer.names().filter((name) => name === 'live')).toHaveLength(1);
  await play(fixture, anna, 1, 8);
  expect(ben.seqs()).toEqual(upTo(11));
});

test('P22 an append that commits while a replay reads is sent once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
      async (steps) => {
        const fixture = await createGameFixture();
        const anna = await fixture.join({ seat: 1 });
        let sent = 0;
        const ben = fixture.open({ seat: 2 });
        for (const [index, step] of steps.entries()) {
          if (index === Math.floor(steps.length / 2)) ben.hello({ seat: 2 });
          if (step === 0) await fixture.world.settle();
          else if (step === 1) anna.send(++sent);
          else if (step === 2) await fixture.world.advance(1);
          else await fixture.store.sweep(fixture.log, ROOM, { perChunk: 2 });
        }
        await fixture.world.advance(400);
        const head = fixture.game.control.roomStatus(ROOM)!.seq;
        // A chunk may begin with records that the page has; without these none is missing.
        expect([...new Set(ben.seqs())]).toEqual(upTo(head));
        expect(anna.seqs()).toEqual(upTo(head));
        expect(ben.peer.all('live')).toHaveLength(1);
      },
    ),
    { numRuns: 60 },
  );
});

test('a socket that closes during its replay is sent nothing more', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 4);
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 1 });
  const ben = fixture.open({ seat: 2 });
  ben.hello({ seat: 2 });
  while (ben.peer.sent.length === 0) await Promise.resolve();
  ben.peer.closeFromPage();
  await fixture.world.advance(1_000);
  // It closed while the archive was being read: no send was attempted after that.
  expect([ben.peer.names(), ben.peer.lateSends]).toEqual([['welcome'], 0]);
});

test('P20 archived records are sent from the archive even while the log still has them', async () => {
  const fixture = await createGameFixture();
  await play(fixture, await fixture.join({ seat: 1 }), 20);
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 1, trim: false });
  await fixture.crash();
  const page = await fixture.join({ seat: 2 });
  expect(page.peer.all('chunk')).toHaveLength(23);
  expect(page.seqs()).toEqual(upTo(24));
});

test('P20 records that are known to be archived are not read from the log', async () => {
  const fixture = await createGameFixture();
  await play(fixture, await fixture.join({ seat: 1 }), 30);
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 1 });
  const { reads } = fixture.log;
  const page = await fixture.join({ seat: 2 });
  expect(page.seqs()).toEqual(upTo(33));
  expect(fixture.log.reads - reads).toBe(1);
});

test('P23 a replay waits for a slow reader, and closes a socket that reads nothing for a minute', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 4);
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 2 });
  const slow = fixture.open({ seat: 2 });
  slow.peer.isStuck = true;
  slow.hello({ seat: 2 });
  for (let seconds = 0; seconds < 100; seconds += 10) {
    await fixture.world.advance(10_000);
    slow.peer.pongFromPage();
    slow.peer.takeAll();
    slow.peer.isStuck = true;
    anna.send(5 + seconds / 10);
  }
  expect(slow.closedWith).toBeNull();
  // The room's heartbeat is due at any time within the 15 seconds.
  await fixture.world.advance(10_000);
  const still = fixture.open({ seat: 3 });
  still.peer.isStuck = true;
  still.hello({ seat: 3 });
  await fixture.world.advance(29_900);
  still.peer.pongFromPage();
  expect(still.closedWith).toBeNull();
  await fixture.world.advance(30_100);
  expect(still.closedWith).toBe(4001);
});

test('P23 a page that reads a little per heartbeat is not closed, however long one frame takes', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  for (let seq = 1; seq <= 4; seq++) anna.send(seq, 'x'.repeat(4_000));
  await fixture.commit();
  const slow = fixture.open({ seat: 2 });
  slow.peer.isStuck = true;
  slow.hello({ seat: 2 });
  const wait = async (bytesRead: number) => {
    for (let beat = 0; beat < 4; beat++) {
      await fixture.world.advance(15_000);
      for (const page of [anna, slow]) page.peer.pongFromPage();
      if (bytesRead > 0) slow.peer.takeBytes(bytesRead);
      // Frames sent beside the replay do not count as progress: they are not read either.
      await fixture.join({ seat: 3 });
    }
  };
  await wait(20);
  expect(slow.closedWith).toBeNull();
  await wait(0);
  expect(slow.closedWith).toBe(4001);
});

test('P56 no frame is longer than 256 KB, however many records wait', async () => {
  const fixture = await createGameFixture({ messageRate: 1_000, messageBurst: 1_000 });
  const anna = await fixture.join({ seat: 1 });
  const ben = await fixture.join({ seat: 2 });
  const release = fixture.log.holdAppends();
  for (let seq = 1; seq <= 31; seq++) anna.send(seq, 'x'.repeat(4_096));
  release();
  await fixture.commit();
  for (let seq = 32; seq <= 100; seq++) {
    anna.send(seq, 'x'.repeat(4_096));
    await fixture.commit();
  }
  const late = await fixture.join({ seat: 3 });
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 16 });
  const later = await fixture.join({ seat: 4 });
  for (const page of [ben, late, later]) {
    expect([...new Set(page.seqs())]).toEqual(upTo(103));
    const longest = Math.max(...page.peer.sent.map((frame) => frame.length));
    expect(longest).toBeLessThanOrEqual(DOWN_FRAME_BYTES_MAX);
    expect(longest).toBeGreaterThan(page === later ? 100 : 100_000);
  }
});

test('P23 P54 the output limit of live sockets counts neither replay nor frames sent beside it', async () => {
  const fixture = await createGameFixture({ outputBytesSoft: 50, outputBytesHard: 100 });
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 10);
  await fixture.store.sweep(fixture.log, ROOM);
  const ben = fixture.open({ seat: 2 });
  ben.peer.isStuck = true;
  ben.hello({ seat: 2 });
  await fixture.commit();
  for (const seat of [3, 4, 5]) {
    await fixture.join({ seat });
    await fixture.world.advance(2_000);
  }
  expect(ben.peer.buffered()).toBeGreaterThan(100);
  expect(ben.closedWith).toBeNull();
  ben.peer.takeAll();
  await fixture.commit();
  expect(ben.peer.names()).toContain('live');
});

test('P24 a record that stays missing breaks the room: 4500, and it is reported', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 4);
  await fixture.store.sweep(fixture.log, ROOM, { perChunk: 2 });
  fixture.store.of(ROOM).chunks.splice(1, 1);
  const ben = await fixture.join({ seat: 2 });
  // It may be a race: it is read several times before the room counts as broken.
  expect(ben.closedWith).toBeNull();
  await fixture.world.advance(2_000);
  expect([ben.closedWith, anna.closedWith]).toEqual([4500, 4500]);
  expect(fixture.broken).toEqual([`${ROOM}: entry 3 is neither in the archive nor in the log`]);
  expect(fixture.game.control.roomStatus(ROOM)).toBeNull();
});

test('P24 records missing between archive and log are found when the room is loaded', async () => {
  const fixture = await createGameFixture();
  const anna = await fixture.join({ seat: 1 });
  await play(fixture, anna, 4);
  const stored = fixture.store.of(ROOM);
  const restored = structuredClone(stored.loaded);
  await fixture.store.sweep(fixture.log, ROOM);
  await play(fixture, anna, 1, 5);
  // The database is restored from a backup that lacks records which the log has dropped.
  stored.loaded = restored;
  stored.chunks = [];
  await fixture.crash();
  const page = await fixture.join({ seat: 2 });
  // It may be a race: it is read several times before the room counts as broken.
  expect([page.closedWith, fixture.broken]).toEqual([null, []]);
  await fixture.world.advance(2_000);
  expect(page.closedWith).toBe(4500);
  expect(fixture.broken[0]).toContain('neither in the archive nor in the log');
});

test('a sweep between the reads of the database and the log is no missing record', async () => {
  const fixture = await createGameFixture();
  await play(fixture, await fixture.join({ seat: 1 }), 4);
  await fixture.crash();
  const { open } = fixture.log;
  fixture.log.open = async (room, epoch, archived) => {
    const outcome = await open.call(fixture.log, room, epoch, archived);
    fixture.log.open = open;
    await fixture.store.sweep(fixture.log, ROOM);
    return outcome;
  };
  const page = await fixture.join({ seat: 2 });
  await fixture.world.advance(2_000);
  expect(page.closedWith).toBeNull();
  expect([...new Set(page.seqs())]).toEqual(upTo(page.peer.last('live').seq));
});

test('P21 a chunk whose bytes changed in the database is not sent', async () => {
  const fixture = await createGameFixture();
  await play(fixture, await fixture.join({ seat: 1 }), 4);
  await fixture.store.sweep(fixture.log, ROOM);
  fixture.store.of(ROOM).chunks[0]!.deflated[3]! ^= 1;
  const page = await fixture.join({ seat: 2 });
  await fixture.world.advance(2_000);
  expect(page.closedWith).toBe(4500);
  expect(page.seqs()).toEqual([]);
});

test('a page ends before a missing record', () => {
  const row = (first: number, last: number) => ({
    room: ROOM,
    first_seq: first,
    last_seq: last,
    raw_bytes: 0,
    deflated: new Uint8Array(0),
    crc: 0,
  });
  expect(chunkPage([row(1, 4), row(5, 8), row(10, 12)], 2)?.last).toBe(8);
  expect(chunkPage([row(4, 8)], 2)).toBeNull();
  expect(chunkPage([], 0)).toBeNull();
  const run = (first: number, last: number) => ({ first, last, records: new Uint8Array(2) });
  expect(tailPage([run(1, 4), run(5, 5), run(7, 9)], 0, 9)).toEqual({ frames: [new Uint8Array(4)], last: 5 });
  expect(tailPage([run(3, 4)], 1, 4)).toBeNull();
  expect(tailPage([run(1, 4)], 4, 4)).toBeNull();
});

test('P29 an append that the log has and the room has not confirmed yet is not replayed', () => {
  const run = (first: number, last: number) => ({ first, last, records: new Uint8Array(last - first + 1) });
  expect(tailPage([run(1, 4), run(5, 6)], 0, 4)).toEqual({ frames: [new Uint8Array(4)], last: 4 });
  expect(tailPage([run(5, 6)], 4, 4)).toBeNull();
});

test('P29 the part of a run beyond the room’s durable head is not replayed', () => {
  const { records } = new RoomScript();
  const run = { first: 1, last: 2, records: encodeRecords(records) };
  expect(tailPage([run], 0, 1)).toEqual({ frames: [encodeRecords(records.slice(0, 1))], last: 1 });
  expect(tailPage([run], 0, 2)).toEqual({ frames: [run.records], last: 2 });
  expect(tailPage([run], 1, 1)).toBeNull();
});

test('P21 a page that has a part of a run gets only the rest of it', () => {
  const script = new RoomScript();
  script.send(RecordKind.move);
  const { records } = script;
  const run = { first: 1, last: records.length, records: encodeRecords(records) };
  for (let after = 0; after < records.length; after++) {
    const rest = { frames: [encodeRecords(records.slice(after))], last: records.length };
    expect(tailPage([run], after, records.length)).toEqual(rest);
  }
  expect(() => tailPage([{ ...run, records: new Uint8Array([77]) }], 1, 4)).toThrow('not a record');
});
