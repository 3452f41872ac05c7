/** Replay: a page gets exactly what it lacks, once, in order, wherever it lies. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { DOWN_FRAME_BYTES_MAX } from '../../../../sdk/protocol/limits.ts';
import { RecordKind } from '../../../../sdk/protocol/record.ts';
import { createGameBench, play, ROOM, upTo } from '../../../../test/support/in-process/game-fixture.ts';
import { encodeRecords, RoomScript } from '../../../../test/support/in-process/room-script.ts';
import { chunkPage } from './archive-pages.ts';
import { tailPage } from './replay.ts';

test('P20 a fresh page gets everything from entry 1 on, then live', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 5);
  const ben = await bench.join({ seat: 2 });
  expect(ben.peer.last('welcome').resumed).toBe(0);
  expect(ben.seqs()).toEqual(upTo(8));
  expect(ben.peer.names()).toEqual(['welcome', 'records', 'live', 'presence']);
  expect(ben.peer.last('live').seq).toBe(8);
});

test('P20 the archive comes as stored chunks, what is not archived yet as records', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 10);
  await bench.store.sweep(bench.log, ROOM, { perChunk: 4 });
  await play(bench, anna, 3, 11);
  const ben = await bench.join({ seat: 2 });
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
  const [stored] = bench.store.of(ROOM).chunks;
  expect([...ben.peer.all('chunk')[0]!.deflated]).toEqual([...stored!.deflated]);
});

test('P20 P22 what a page is told at one moment leaves in one write', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 3);
  anna.signal(1);
  await bench.store.sweep(bench.log, ROOM, { perChunk: 2 });
  await play(bench, anna, 1, 4);
  const fresh = await bench.join({ seat: 2 });
  const chunks = ['chunk', 'chunk', 'chunk'] as const;
  expect(fresh.peer.writeNames().slice(0, 3)).toEqual([
    ['welcome'],
    [...chunks],
    ['records', 'live', 'presence', 'signals'],
  ]);
  const { epoch, seq } = fresh.peer.last('welcome');
  bench.log.say('hold');
  const resumed = await bench.join({ seat: 3, epoch, seq });
  expect(resumed.peer.writeNames()[0]).toEqual(['welcome', 'hold', 'live', 'presence', 'signals']);
});

test('P22 live messages wait until replay is over; each comes once, in order', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 4);
  await bench.store.sweep(bench.log, ROOM, { perChunk: 2 });
  const ben = bench.open({ seat: 2 });
  ben.peer.stuck = true;
  ben.hello({ seat: 2 });
  await bench.commit();
  await play(bench, anna, 3, 5);
  // Held up by its socket: it has seen the welcome and nothing else.
  expect(ben.peer.names()).toEqual(['welcome', 'presence']);
  ben.peer.drain();
  await bench.commit();
  expect(ben.seqs()).toEqual(upTo(10));
  expect(ben.peer.names().filter((name) => name === 'live')).toHaveLength(1);
  await play(bench, anna, 1, 8);
  expect(ben.seqs()).toEqual(upTo(11));
});

test('P22 an append that commits while replay reads comes once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
      async (steps) => {
        const bench = await createGameBench();
        const anna = await bench.join({ seat: 1 });
        let sent = 0;
        const ben = bench.open({ seat: 2 });
        for (const [index, step] of steps.entries()) {
          if (index === Math.floor(steps.length / 2)) ben.hello({ seat: 2 });
          if (step === 0) await bench.world.settle();
          else if (step === 1) anna.send(++sent);
          else if (step === 2) await bench.world.advance(1);
          else await bench.store.sweep(bench.log, ROOM, { perChunk: 2 });
        }
        await bench.world.advance(400);
        const head = bench.game.control.watch(ROOM)!.seq;
        // A chunk may begin before what was asked for; seen in order, nothing is missing.
        expect([...new Set(ben.seqs())]).toEqual(upTo(head));
        expect(anna.seqs()).toEqual(upTo(head));
        expect(ben.peer.all('live')).toHaveLength(1);
      },
    ),
    { numRuns: 60 },
  );
});

test('a socket that goes during its replay is sent nothing more', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 4);
  await bench.store.sweep(bench.log, ROOM, { perChunk: 1 });
  const ben = bench.open({ seat: 2 });
  ben.hello({ seat: 2 });
  while (ben.peer.sent.length === 0) await Promise.resolve();
  ben.peer.leave();
  await bench.world.advance(1_000);
  // It went while the archive was being read: what came of that was not even tried.
  expect([ben.peer.names(), ben.peer.lateSends]).toEqual([['welcome'], 0]);
});

test('P20 what is archived comes from the archive, even while the log still has it', async () => {
  const bench = await createGameBench();
  await play(bench, await bench.join({ seat: 1 }), 20);
  await bench.store.sweep(bench.log, ROOM, { perChunk: 1, trim: false });
  await bench.crash();
  const page = await bench.join({ seat: 2 });
  expect(page.peer.all('chunk')).toHaveLength(23);
  expect(page.seqs()).toEqual(upTo(24));
});

test('P20 once it is known what is archived, the log is not asked for it', async () => {
  const bench = await createGameBench();
  await play(bench, await bench.join({ seat: 1 }), 30);
  await bench.store.sweep(bench.log, ROOM, { perChunk: 1 });
  const { reads } = bench.log;
  const page = await bench.join({ seat: 2 });
  expect(page.seqs()).toEqual(upTo(33));
  expect(bench.log.reads - reads).toBe(1);
});

test('P23 a reader that is slow during replay is waited for, one that stands still is closed', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 4);
  await bench.store.sweep(bench.log, ROOM, { perChunk: 2 });
  const slow = bench.open({ seat: 2 });
  slow.peer.stuck = true;
  slow.hello({ seat: 2 });
  for (let seconds = 0; seconds < 100; seconds += 10) {
    await bench.world.advance(10_000);
    slow.peer.pong();
    slow.peer.drain();
    slow.peer.stuck = true;
    anna.send(5 + seconds / 10);
  }
  expect(slow.closedWith).toBeNull();
  // The room beats at any moment of the 15 seconds.
  await bench.world.advance(10_000);
  const still = bench.open({ seat: 3 });
  still.peer.stuck = true;
  still.hello({ seat: 3 });
  await bench.world.advance(29_900);
  still.peer.pong();
  expect(still.closedWith).toBeNull();
  await bench.world.advance(30_100);
  expect(still.closedWith).toBe(4001);
});

test('P23 a page that reads a little in each beat is waited for, however long one frame takes it', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  for (let seq = 1; seq <= 4; seq++) anna.send(seq, 'x'.repeat(4_000));
  await bench.commit();
  const slow = bench.open({ seat: 2 });
  slow.peer.stuck = true;
  slow.hello({ seat: 2 });
  const wait = async (takes: number) => {
    for (let beat = 0; beat < 4; beat++) {
      await bench.world.advance(15_000);
      for (const page of [anna, slow]) page.peer.pong();
      if (takes > 0) slow.peer.trickle(takes);
      // What comes beside the replay hides nothing: it is more to take, and was not taken.
      await bench.join({ seat: 3 });
    }
  };
  await wait(20);
  expect(slow.closedWith).toBeNull();
  await wait(0);
  expect(slow.closedWith).toBe(4001);
});

test('P56 no frame is longer than 256 KB, however much waits', async () => {
  const bench = await createGameBench({ messageRate: 1_000, messageBurst: 1_000 });
  const anna = await bench.join({ seat: 1 });
  const ben = await bench.join({ seat: 2 });
  const release = bench.log.block();
  for (let seq = 1; seq <= 31; seq++) anna.send(seq, 'x'.repeat(4_096));
  release();
  await bench.commit();
  for (let seq = 32; seq <= 100; seq++) {
    anna.send(seq, 'x'.repeat(4_096));
    await bench.commit();
  }
  const late = await bench.join({ seat: 3 });
  await bench.store.sweep(bench.log, ROOM, { perChunk: 16 });
  const later = await bench.join({ seat: 4 });
  for (const page of [ben, late, later]) {
    expect([...new Set(page.seqs())]).toEqual(upTo(103));
    const longest = Math.max(...page.peer.sent.map((frame) => frame.length));
    expect(longest).toBeLessThanOrEqual(DOWN_FRAME_BYTES_MAX);
    expect(longest).toBeGreaterThan(page === later ? 100 : 100_000);
  }
});

test('P23 P54 the cap of a live socket does not count replay, nor what comes beside it', async () => {
  const bench = await createGameBench({ outputBytesSoft: 50, outputBytesHard: 100 });
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 10);
  await bench.store.sweep(bench.log, ROOM);
  const ben = bench.open({ seat: 2 });
  ben.peer.stuck = true;
  ben.hello({ seat: 2 });
  await bench.commit();
  for (const seat of [3, 4, 5]) {
    await bench.join({ seat });
    await bench.world.advance(2_000);
  }
  expect(ben.peer.buffered()).toBeGreaterThan(100);
  expect(ben.closedWith).toBeNull();
  ben.peer.drain();
  await bench.commit();
  expect(ben.peer.names()).toContain('live');
});

test('P24 a lasting gap breaks the room: 4500, and somebody is told', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 4);
  await bench.store.sweep(bench.log, ROOM, { perChunk: 2 });
  bench.store.of(ROOM).chunks.splice(1, 1);
  const ben = await bench.join({ seat: 2 });
  // It may be a race: it is looked at several times before anybody is alarmed.
  expect(ben.closedWith).toBeNull();
  await bench.world.advance(2_000);
  expect([ben.closedWith, anna.closedWith]).toEqual([4500, 4500]);
  expect(bench.broken).toEqual([`${ROOM}: entry 3 is neither in the archive nor in the log`]);
  expect(bench.game.control.watch(ROOM)).toBeNull();
});

test('P24 a gap between archive and log is found when the room is opened', async () => {
  const bench = await createGameBench();
  const anna = await bench.join({ seat: 1 });
  await play(bench, anna, 4);
  const stored = bench.store.of(ROOM);
  const restored = structuredClone(stored.loaded);
  await bench.store.sweep(bench.log, ROOM);
  await play(bench, anna, 1, 5);
  // The database comes back from a backup older than what the log let go.
  stored.loaded = restored;
  stored.chunks = [];
  await bench.crash();
  const page = await bench.join({ seat: 2 });
  // It may be a race: it is looked at several times before anybody is alarmed.
  expect([page.closedWith, bench.broken]).toEqual([null, []]);
  await bench.world.advance(2_000);
  expect(page.closedWith).toBe(4500);
  expect(bench.broken[0]).toContain('neither in the archive nor in the log');
});

test('a sweep between reading the database and reading the log is no gap', async () => {
  const bench = await createGameBench();
  await play(bench, await bench.join({ seat: 1 }), 4);
  await bench.crash();
  const { open } = bench.log;
  bench.log.open = async (room, epoch, archived) => {
    const outcome = await open.call(bench.log, room, epoch, archived);
    bench.log.open = open;
    await bench.store.sweep(bench.log, ROOM);
    return outcome;
  };
  const page = await bench.join({ seat: 2 });
  await bench.world.advance(2_000);
  expect(page.closedWith).toBeNull();
  expect([...new Set(page.seqs())]).toEqual(upTo(page.peer.last('live').seq));
});

test('P21 a chunk whose bytes changed in the database is not sent', async () => {
  const bench = await createGameBench();
  await play(bench, await bench.join({ seat: 1 }), 4);
  await bench.store.sweep(bench.log, ROOM);
  bench.store.of(ROOM).chunks[0]!.deflated[3]! ^= 1;
  const page = await bench.join({ seat: 2 });
  await bench.world.advance(2_000);
  expect(page.closedWith).toBe(4500);
  expect(page.seqs()).toEqual([]);
});

test('pages are cut where a gap begins', () => {
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

test('P29 an append that the log has and the room does not know of yet is not replayed', () => {
  const run = (first: number, last: number) => ({ first, last, records: new Uint8Array(last - first + 1) });
  expect(tailPage([run(1, 4), run(5, 6)], 0, 4)).toEqual({ frames: [new Uint8Array(4)], last: 4 });
  expect(tailPage([run(5, 6)], 4, 4)).toBeNull();
});

test('P29 nor is the part of a run that the room does not know of yet', () => {
  const { records } = new RoomScript();
  const run = { first: 1, last: 2, records: encodeRecords(records) };
  expect(tailPage([run], 0, 1)).toEqual({ frames: [encodeRecords(records.slice(0, 1))], last: 1 });
  expect(tailPage([run], 0, 2)).toEqual({ frames: [run.records], last: 2 });
  expect(tailPage([run], 1, 1)).toBeNull();
});

test('P21 of a run that is known in part, a page gets the rest: nothing comes twice', () => {
  const script = new RoomScript();
  script.say(RecordKind.move);
  const { records } = script;
  const run = { first: 1, last: records.length, records: encodeRecords(records) };
  for (let after = 0; after < records.length; after++) {
    const rest = { frames: [encodeRecords(records.slice(after))], last: records.length };
    expect(tailPage([run], after, records.length)).toEqual(rest);
  }
  expect(() => tailPage([{ ...run, records: new Uint8Array([77]) }], 1, 4)).toThrow('no record');
});
