/** Steps of several rooms in one transaction, on real SQLite. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { ArchiveBench } from '../../../test/support/in-process/archiver-fixture.ts';
import { realWorld } from '../../lib/world.real.ts';
import { SqlJobs } from '../../ports/jobs/jobs.sql.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import type { ArchiveStep } from '../../ports/main-db/queries/archive.ts';
import { roomWithRight } from '../../ports/main-db/queries/rows.fixture.ts';
import { GROUP_STEPS_MAX, StepGroup } from './step-group.ts';

let bench: ArchiveBench;
let transactions = 0;

beforeEach(async () => {
  bench = await ArchiveBench.create();
  transactions = 0;
});
afterEach(() => bench.stop());

function group(): StepGroup {
  const db: MainDb = {
    ...bench.db,
    write(work) {
      transactions++;
      return bench.db.write(work);
    },
  };
  return new StepGroup({ db, jobs: new SqlJobs(bench.db, realWorld), clock: realWorld.clock });
}

/** Rooms in the database, and a first step for each. */
async function steps(count: number): Promise<ArchiveStep[]> {
  const rooms = Array.from({ length: count }, (_, each) => `room-${each}`);
  await bench.db.write(async (tx) => {
    for (const room of rooms) await roomWithRight(tx, room);
  });
  return rooms.map((room) => stepOf(room, 0, 2));
}

function stepOf(room: string, from: number, to: number): ArchiveStep {
  const chunk = { first_seq: from + 1, last_seq: to, raw_bytes: 9, deflated: new Uint8Array(9), crc: 1 };
  return {
    room,
    from,
    to: { seq: to, epoch: 1, ms: 5 },
    chunks: [chunk],
    epochs: [],
    clients: [],
    firstMoveAt: null,
    finishedAt: null,
  };
}

const upto = async (room: string) => (await bench.loaded(room)).room.archived_upto;

test('steps that come at once share a transaction, up to a bound', async () => {
  const asked = await steps(GROUP_STEPS_MAX + 1);
  const one = group();
  const moved = await Promise.all(asked.map((step) => one.add(step)));
  expect(moved).toEqual(asked.map(() => true));
  expect(transactions).toBe(2);
  expect(await upto(`room-${GROUP_STEPS_MAX}`)).toBe(2);
});

test('[10] a step from elsewhere than the head changes nothing, and the others of its group move', async () => {
  const [first, second] = await steps(2);
  const one = group();
  const moved = await Promise.all([one.add(stepOf(first!.room, 5, 7)), one.add(second!)]);
  expect(moved).toEqual([false, true]);
  expect([await upto('room-0'), await upto('room-1')]).toEqual([0, 2]);
});

test('a room whose step fails hurts the others of its group once, and none the next time', async () => {
  const [bad, ...good] = await steps(4);
  const broken: ArchiveStep = { ...bad!, epochs: [1, 1].map((epoch) => ({ epoch, firstSeq: 1 })) };
  const one = group();
  const outcomes = () => Promise.allSettled([broken, ...good].map((step) => one.add(step)));
  expect((await outcomes()).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  expect(await upto('room-1')).toBe(0);
  const again = (await outcomes()).map(({ status }) => status);
  expect(again).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect([await upto('room-0'), await upto('room-1'), await upto('room-3')]).toEqual([0, 2, 2]);
});
