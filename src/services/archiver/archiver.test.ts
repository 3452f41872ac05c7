/** Which rooms the archiver sweeps, and when. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { RecordKind } from '../../../sdk/protocol/record.ts';
import { ArchiveBench } from '../../../test/support/in-process/archiver-fixture.ts';
import { realWorld } from '../../lib/world.real.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import { BACKLOG_SHARE_ROOMS_MIN, BACKLOG_INTERVAL_MS } from './backlog.ts';
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

/** A world whose time passes only when the test advances it. */
class ManualWorld {
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

  advance(ms: number): void {
    this.at += ms;
    for (const [run, due] of this.timers) {
      if (due > this.at) continue;
      this.timers.delete(run);
      run();
    }
  }
}

/** Starts the archiver. Returns a function that resolves when the archiver waits for a timer. */
function start(manual: ManualWorld, change: Partial<ArchiverDeps> = {}): () => Promise<void> {
  archiver = startArchiver(bench.deps({ world: manual.world, ...change }));
  return async () => {
    while (manual.timers.size === 0) await Bun.sleep(1);
  };
}

async function archivedUpto(...rooms: string[]): Promise<number[]> {
  return Promise.all(rooms.map(async (room) => (await bench.loaded(room)).room.archived_upto));
}

async function fill(room: string, entries: number): Promise<void> {
  const script = await bench.makeRoom(room);
  while (script.records.length < entries) script.send(RecordKind.move);
  await bench.append(room, 50);
}

test('a room is due with 256 entries or with one that is a minute old', async () => {
  await fill('full', 256);
  await fill('young', 255);
  const manual = new ManualWorld();
  const idle = start(manual);
  await idle();
  expect(await archivedUpto('full', 'young')).toEqual([256, 0]);
  manual.advance(45_000);
  await idle();
  expect(await archivedUpto('full', 'young')).toEqual([256, 0]);
  manual.advance(45_000);
  await idle();
  expect(await archivedUpto('full', 'young')).toEqual([256, 255]);
});

test('rooms that an earlier process left are archived in shares, a few rooms at once', async () => {
  const rooms = Array.from({ length: BACKLOG_SHARE_ROOMS_MIN + 4 }, (_, each) => `old-${each}`);
  // With 256 entries the rooms are due, but they are not swept outside the backlog.
  for (const room of rooms) await fill(room, 256);
  await bench.restart();
  const manual = new ManualWorld();
  const idle = start(manual);
  const archived = async () => (await archivedUpto(...rooms)).filter((seq) => seq === 256).length;
  await idle();
  expect(await archived()).toBe(BACKLOG_SHARE_ROOMS_MIN);
  manual.advance(BACKLOG_INTERVAL_MS);
  await idle();
  expect(await archived()).toBe(rooms.length);
});

test('a room of the backlog that fails is retried', async () => {
  await fill('old', 4);
  await bench.restart();
  let down = true;
  const manual = new ManualWorld();
  const write: MainDb['write'] = (work) =>
    down ? Promise.reject(new Error('no connection')) : bench.db.write(work);
  const idle = start(manual, { db: { ...bench.db, write } });
  await idle();
  expect(archiver?.health()).toContain('no connection');
  down = false;
  manual.advance(45_000);
  await idle();
  expect(await archivedUpto('old')).toEqual([4]);
});

test('a stopped archiver has no timer, although its backlog is not empty', async () => {
  for (let each = 0; each <= BACKLOG_SHARE_ROOMS_MIN; each++) await fill(`old-${each}`, 4);
  await bench.restart();
  const manual = new ManualWorld();
  await start(manual)();
  expect(manual.timers.size).toBe(2);
  await archiver?.stop();
  expect(manual.timers.size).toBe(0);
});

test('a requested room is swept before rooms that are only due', async () => {
  const due = Array.from({ length: SWEEPS_MAX + 6 }, (_, each) => `due-${each}`);
  for (const room of due) await fill(room, 256);
  await fill('requested', 4);
  /** Rooms in the order in which their sweeps began. */
  const begun = new Set<string>();
  const resumed = Promise.withResolvers<void>();
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
    await resumed.promise;
    return bench.db.write(work);
  };
  const idle = start(new ManualWorld(), { roomLog, db: { ...bench.db, write } });
  while (begun.size < SWEEPS_MAX) await Bun.sleep(1);
  archiver?.requestSweep('requested');
  resumed.resolve();
  await idle();
  expect([...begun].indexOf('requested')).toBe(SWEEPS_MAX);
  expect(begun.size).toBe(due.length + 1);
});

test('a requested room is swept at once, and no other', async () => {
  await fill('requested', 5);
  await fill('other', 5);
  const manual = new ManualWorld();
  const idle = start(manual);
  await idle();
  // Cancels the present timer, so that `idle` waits for the next one.
  archiver?.requestSweep('requested');
  await Promise.resolve();
  await idle();
  expect(await archivedUpto('requested', 'other')).toEqual([5, 0]);
});

test('a flush archives every room, whatever the age of its entries', async () => {
  for (const room of ['a', 'b', 'c', 'd', 'e', 'f']) await fill(room, 4);
  const idle = start(new ManualWorld());
  await idle();
  expect(await archivedUpto('a', 'f')).toEqual([0, 0]);
  await archiver?.flush();
  expect(await archivedUpto('a', 'b', 'c', 'd', 'e', 'f')).toEqual([4, 4, 4, 4, 4, 4]);
});

test('[I6] a room that fails does not affect the others, and is retried with exponential backoff', async () => {
  await bench.makeLog('stray');
  for (const room of ['r1', 'r2', 'r3', 'r4', 'r5']) await fill(room, 256);
  let tries = 0;
  const manual = new ManualWorld();
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
  manual.at += 60_000;
  const idle = start(manual, { roomLog });
  await idle();
  expect(await archivedUpto('r1', 'r2', 'r3', 'r4', 'r5')).toEqual([256, 0, 256, 256, 256]);
  expect(archiver?.health()).toContain('2 rooms cannot be archived');
  expect(bench.errors.toSorted().map((line) => line.split(' ')[0])).toEqual(['room-unknown', 'sweep-failed']);
  const triesAfter = async (scans: number): Promise<number> => {
    for (let scan = 0; scan < scans; scan++) {
      manual.advance(45_000);
      await idle();
    }
    return tries;
  };
  expect(await triesAfter(1)).toBe(2);
  // An hour of scans: the backoff doubles up to ten minutes.
  const inAnHour = await triesAfter(80);
  expect(inAnHour).toBeGreaterThan(5);
  expect(inAnHour).toBeLessThan(15);
});

test('health reports a failing room until it is archived', async () => {
  await fill('r', 256);
  let down = true;
  const manual = new ManualWorld();
  const write: MainDb['write'] = (work) =>
    down ? Promise.reject(new Error('no connection')) : bench.db.write(work);
  const idle = start(manual, { db: { ...bench.db, write } });
  await idle();
  expect(archiver?.health()).toContain('room r failed 1 times: Error: no connection');
  down = false;
  manual.advance(45_000);
  await idle();
  expect(archiver?.health()).toBeNull();
  expect(await archivedUpto('r')).toEqual([256]);
});

test('a stop waits for the running sweeps, and no other begins', async () => {
  const rooms = Array.from({ length: SWEEPS_MAX + 3 }, (_, each) => `room-${each}`);
  for (const room of rooms) await fill(room, 256);
  const begun = Promise.withResolvers<void>();
  const write: MainDb['write'] = (work) => {
    begun.resolve();
    return bench.db.write(work);
  };
  start(new ManualWorld(), { db: { ...bench.db, write } });
  await begun.promise;
  await archiver?.stop();
  const upto = await archivedUpto(...rooms);
  expect(upto.filter((seq) => seq === 256)).toHaveLength(SWEEPS_MAX);
  expect(await bench.liveEntries('room-0')).toBe(0);
});

test('sweeps of one room run one after another, and a later one archives entries appended meanwhile', async () => {
  const script = await bench.makeRoom('r');
  start(new ManualWorld());
  const first = archiver?.sweep('r');
  script.send(RecordKind.move);
  await bench.append('r');
  const [second, third] = await Promise.all([archiver?.sweep('r'), archiver?.sweep('r')]);
  const entries = [await first, second, third].map((each) => (each?.kind === 'archived' ? each.entries : -1));
  expect(await archivedUpto('r')).toEqual([4]);
  expect(entries).not.toContain(-1);
  expect(await bench.archivedBytes('r')).toEqual(bench.writtenBytes('r'));
});
