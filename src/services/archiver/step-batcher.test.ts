/** Archive steps of several rooms in one transaction, on SQLite. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { ArchiveBench } from '../../../test/support/in-process/archiver-fixture.ts';
import { realWorld } from '../../lib/world.real.ts';
import { SqlJobs } from '../../ports/jobs/jobs.sql.ts';
import type { MainDb } from '../../ports/main-db/main-db.ts';
import type { ArchiveStep } from '../../ports/main-db/queries/archive.ts';
import { insertRoomWithEntitlement } from '../../ports/main-db/queries/rows.fixture.ts';
import { BATCH_STEPS_MAX, StepBatcher } from './step-batcher.ts';

let bench: ArchiveBench;
let transactions = 0;

beforeEach(async () => {
  bench = await ArchiveBench.create();
  transactions = 0;
});
afterEach(() => bench.stop());

function createBatcher(): StepBatcher {
  const db: MainDb = {
    ...bench.db,
    write(work) {
      transactions++;
      return bench.db.write(work);
    },
  };
  return new StepBatcher({ db, jobs: new SqlJobs(bench.db, realWorld), clock: realWorld.clock });
}

/** Creates rooms in the database and returns the first step of each. */
async function steps(count: number): Promise<ArchiveStep[]> {
  const rooms = Array.from({ length: count }, (_, each) => `room-${each}`);
  await bench.db.write(async (tx) => {
    for (const room of rooms) await insertRoomWithEntitlement(tx, room);
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

test('steps that are added at once share a transaction, up to the maximum', async () => {
  const all = await steps(BATCH_STEPS_MAX + 1);
  const batcher = createBatcher();
  const moved = await Promise.all(all.map((step) => batcher.add(step)));
  expect(moved).toEqual(all.map(() => true));
  expect(transactions).toBe(2);
  expect(await upto(`room-${BATCH_STEPS_MAX}`)).toBe(2);
});

test('[I10] a step that does not begin at the head changes nothing; the others of its batch are written', async () => {
  const [first, second] = await steps(2);
  const batcher = createBatcher();
  const moved = await Promise.all([batcher.add(stepOf(first!.room, 5, 7)), batcher.add(second!)]);
  expect(moved).toEqual([false, true]);
  expect([await upto('room-0'), await upto('room-1')]).toEqual([0, 2]);
});

test('[I6] a failing step fails its batch once; the next time the other steps of the batch are written', async () => {
  const [bad, ...good] = await steps(4);
  const broken: ArchiveStep = { ...bad!, epochs: [1, 1].map((epoch) => ({ epoch, firstSeq: 1 })) };
  const batcher = createBatcher();
  const outcomes = () => Promise.allSettled([broken, ...good].map((step) => batcher.add(step)));
  expect((await outcomes()).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
  expect(await upto('room-1')).toBe(0);
  const again = (await outcomes()).map(({ status }) => status);
  expect(again).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect([await upto('room-0'), await upto('room-1'), await upto('room-3')]).toEqual([0, 2, 2]);
});
