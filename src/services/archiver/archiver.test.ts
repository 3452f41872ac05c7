import { afterEach, beforeEach, expect, test } from 'bun:test';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import { ArchiveBench } from '../../../test/support/in-process/archiver-fixture.ts';
import { realWorld } from '../../lib/world.real.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { BACKLOG_ROOMS_PER_TURN_MIN, BACKLOG_TURN_MS } from './backlog.ts';
import { type Archiver, type ArchiverDeps, startArchiver, SWEEPS_MAX } from './archiver.ts';

let bench: ArchiveBench;
let archiver: Archiver | null = null;
beforeEach(async () => {
  bench = await ArchiveBench.create();
});
afterEach(async () => {
  await archiver?.stop();
  archiver = null;
  await bench.stop();
});

/** A world in which only the test lets time pass. Timers run when the test says so. */
class HandWorld {
  at = Date.now();
  readonly timers = new Map<() => void, number>();
  readonly world = {
    clock: { now: () => this.at, mono: () => this.at },
    random: { ...realWorld.random, next: () => 0.5 },
    timers: {
      after: (ms: number, run: () => void) => {
        this.timers.set(run, this.at + ms);
        return () => this.timers.delete(run);
      },
    },
  };

  pass(ms: number): void {
    this.at += ms;
    for (const [run, due] of this.timers) {
      if (due > this.at) continue;
      this.timers.delete(run);
      run();
    }
  }
}

/** Starts the archiver; `looked` resolves when it has nothing to do but wait. */
function start(hand: HandWorld, change: Partial<ArchiverDeps> = {}): () => Promise<void> {
  archiver = startArchiver(bench.deps({ world: hand.world, ...change }));
  return async () => {
    while (hand.timers.size === 0) await Bun.sleep(1);
  };
}

async function archivedUpto(...rooms: string[]): Promise<number[]> {
  return Promise.all(rooms.map(async (room) => (await bench.loaded(room)).room.archived_upto));
}

async function fill(room: string, entries: number): Promise<void> {
  const script = await bench.makeRoom(room);
  while (script.records.length < entries) script.say(RecordKind.move);
  await bench.append(room, 50);
}

test('a room is due with 256 entries or with one that is a minute old', async () => {
  await fill('full', 256);
  await fill('young', 255);
  const hand = new HandWorld();
  const looked = start(hand);
  await looked();
  expect(await archivedUpto('full', 'young')).toEqual([256, 0]);
  hand.pass(45_000);
  await looked();
  expect(await archivedUpto('full', 'young')).toEqual([256, 0]);
  hand.pass(45_000);
  await looked();
  expect(await archivedUpto('full', 'young')).toEqual([256, 255]);
});

test('what a process before has left is archived in turns, a few rooms at once', async () => {
  const rooms = Array.from({ length: BACKLOG_ROOMS_PER_TURN_MIN + 4 }, (_, each) => `old-${each}`);
  // As many entries as make a room due by themselves.
  for (const room of rooms) await fill(room, 256);
  await bench.restart();
  const hand = new HandWorld();
  const looked = start(hand);
  const archived = async () => (await archivedUpto(...rooms)).filter((seq) => seq === 256).length;
  await looked();
  expect(await archived()).toBe(BACKLOG_ROOMS_PER_TURN_MIN);
  hand.pass(BACKLOG_TURN_MS);
  await looked();
  expect(await archived()).toBe(rooms.length);
});

test('a room that fails when its turn comes after a restart is tried again', async () => {
  await fill('old', 4);
  await bench.restart();
  let down = true;
  const hand = new HandWorld();
  const write: MainDb['write'] = (work) =>
    down ? Promise.reject(new Error('no connection')) : bench.db.write(work);
  const looked = start(hand, { db: { ...bench.db, write } });
  await looked();
  expect(archiver?.health()).toContain('no connection');
  down = false;
  hand.pass(45_000);
  await looked();
  expect(await archivedUpto('old')).toEqual([4]);
});

test('nothing of what was left over keeps an archiver awake that is stopped', async () => {
  for (let each = 0; each <= BACKLOG_ROOMS_PER_TURN_MIN; each++) await fill(`old-${each}`, 4);
  await bench.restart();
  const hand = new HandWorld();
  await start(hand)();
  expect(hand.timers.size).toBe(2);
  await archiver?.stop();
  expect(hand.timers.size).toBe(0);
});

test('a room that was asked for does not wait for all that are due', async () => {
  const due = Array.from({ length: SWEEPS_MAX + 6 }, (_, each) => `due-${each}`);
  for (const room of due) await fill(room, 256);
  await fill('asked', 4);
  /** In the order in which sweepers took them up. */
  const begun = new Set<string>();
  const goOn = Promise.withResolvers<void>();
  const roomLog: ArchiverDeps['roomLog'] = Object.create(bench.journal, {
    read: {
      value(room: string, after: number, bytes: number) {
        begun.add(room);
        return bench.journal.read(room, after, bytes);
      },
    },
    liveRooms: { value: () => bench.journal.liveRooms() },
    trim: { value: (room: string, upto: number) => bench.journal.trim(room, upto) },
  });
  const write: MainDb['write'] = async (work) => {
    await goOn.promise;
    return bench.db.write(work);
  };
  const looked = start(new HandWorld(), { roomLog, db: { ...bench.db, write } });
  while (begun.size < SWEEPS_MAX) await Bun.sleep(1);
  archiver?.sweepSoon('asked');
  goOn.resolve();
  await looked();
  expect([...begun].indexOf('asked')).toBe(SWEEPS_MAX);
  expect(begun.size).toBe(due.length + 1);
});

test('a room that was asked for is swept without waiting, and no other', async () => {
  await fill('asked', 5);
  await fill('other', 5);
  const hand = new HandWorld();
  const looked = start(hand);
  await looked();
  // Takes the waiting timer away, so that `looked` waits for the next one.
  archiver?.sweepSoon('asked');
  await Promise.resolve();
  await looked();
  expect(await archivedUpto('asked', 'other')).toEqual([5, 0]);
});

test('a flush archives every room, whatever its age', async () => {
  for (const room of ['a', 'b', 'c', 'd', 'e', 'f']) await fill(room, 4);
  const looked = start(new HandWorld());
  await looked();
  expect(await archivedUpto('a', 'f')).toEqual([0, 0]);
  await archiver?.flush();
  expect(await archivedUpto('a', 'b', 'c', 'd', 'e', 'f')).toEqual([4, 4, 4, 4, 4, 4]);
});

test('[6] a room that fails does not keep the others, and is tried again after growing waits', async () => {
  await bench.makeLog('stray');
  for (const room of ['r1', 'r2', 'r3', 'r4', 'r5']) await fill(room, 256);
  let tries = 0;
  const hand = new HandWorld();
  const roomLog: ArchiverDeps['roomLog'] = Object.create(bench.journal, {
    read: {
      value: (room: string, after: number, bytes: number) => {
        if (room !== 'r2') return bench.journal.read(room, after, bytes);
        tries++;
        return Promise.reject(new Error('bad sector'));
      },
    },
    liveRooms: { value: () => bench.journal.liveRooms() },
    trim: { value: (room: string, upto: number) => bench.journal.trim(room, upto) },
  });
  hand.at += 60_000;
  const looked = start(hand, { roomLog });
  await looked();
  expect(await archivedUpto('r1', 'r2', 'r3', 'r4', 'r5')).toEqual([256, 0, 256, 256, 256]);
  expect(archiver?.health()).toContain('2 rooms cannot be archived');
  expect(bench.told.toSorted().map((line) => line.split(' ')[0])).toEqual(['room-unknown', 'sweep-failed']);
  const triesAfter = async (looks: number): Promise<number> => {
    for (let look = 0; look < looks; look++) {
      hand.pass(45_000);
      await looked();
    }
    return tries;
  };
  expect(await triesAfter(1)).toBe(2);
  // An hour of looks: the waits double to ten minutes.
  const inAnHour = await triesAfter(80);
  expect(inAnHour).toBeGreaterThan(5);
  expect(inAnHour).toBeLessThan(15);
});

test('a room that recovers is well again', async () => {
  await fill('r', 256);
  let down = true;
  const hand = new HandWorld();
  const write: MainDb['write'] = (work) =>
    down ? Promise.reject(new Error('no connection')) : bench.db.write(work);
  const looked = start(hand, { db: { ...bench.db, write } });
  await looked();
  expect(archiver?.health()).toContain('room r failed 1 times: Error: no connection');
  down = false;
  hand.pass(45_000);
  await looked();
  expect(archiver?.health()).toBeNull();
  expect(await archivedUpto('r')).toEqual([256]);
});

test('a stop waits for the sweep under way, and no other begins', async () => {
  const rooms = Array.from({ length: SWEEPS_MAX + 3 }, (_, each) => `room-${each}`);
  for (const room of rooms) await fill(room, 256);
  let begun = (): void => {};
  const underWay = new Promise<void>((resolve) => (begun = resolve));
  const write: MainDb['write'] = (work) => {
    begun();
    return bench.db.write(work);
  };
  start(new HandWorld(), { db: { ...bench.db, write } });
  await underWay;
  await archiver?.stop();
  const upto = await archivedUpto(...rooms);
  expect(upto.filter((seq) => seq === 256)).toHaveLength(SWEEPS_MAX);
  expect(await bench.liveEntries('room-0')).toBe(0);
});

test('sweeps of one room run one after another, and the later one sees what the earlier did not', async () => {
  const script = await bench.makeRoom('r');
  start(new HandWorld());
  const first = archiver?.sweep('r');
  script.say(RecordKind.move);
  await bench.append('r');
  const [second, third] = await Promise.all([archiver?.sweep('r'), archiver?.sweep('r')]);
  const entries = [await first, second, third].map((each) => (each?.kind === 'archived' ? each.entries : -1));
  expect(await archivedUpto('r')).toEqual([4]);
  expect(entries).not.toContain(-1);
  expect(await bench.archivedBytes('r')).toEqual(bench.writtenBytes('r'));
});
