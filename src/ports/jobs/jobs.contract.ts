/** The contract of every job queue. Each adapter's test calls it with a factory of empty queues. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { failureOf } from '../../../test/support/failure.ts';
import type { Clock } from '../../lib/world.ts';
import type { MainDb } from '../main-db/main-db.ts';
import type { Job, Jobs, NewJob } from './jobs.ts';

export interface JobsUnderTest {
  /** Two processes on one database. */
  readonly one: { readonly db: MainDb; readonly jobs: Jobs };
  readonly two: { readonly db: MainDb; readonly jobs: Jobs };
  close(): Promise<void>;
}

const stats = (room: string, more: Partial<NewJob<'stats'>> = {}): NewJob<'stats'> => ({
  kind: 'stats',
  key: room,
  payload: { room },
  ...more,
});

const LEASE_MS = 1_000;

/** A clock that the test moves. */
class TestClock implements Clock {
  at = 10_000;
  now = () => this.at;
  mono = () => this.at;
}

export function jobsContract(name: string, make: (clock: Clock) => Promise<JobsUnderTest>): void {
  describe(`jobs contract: ${name}`, () => {
    const clock = new TestClock();
    let under: JobsUnderTest;
    let db: MainDb;
    let jobs: Jobs;
    beforeAll(async () => {
      under = await make(clock);
      ({ db, jobs } = under.one);
    });
    afterAll(() => under.close());
    beforeEach(() => db.write((tx) => tx.deleteFrom('jobs').execute()));

    const enqueue = (...all: NewJob<'stats'>[]) =>
      db.write(async (tx) => {
        for (const job of all) await jobs.enqueue(tx, job, clock.now());
      });
    const claim = (from: Jobs = jobs, limit = 10) => from.claim('stats', limit, LEASE_MS);
    const claimOne = async (from: Jobs = jobs): Promise<Job<'stats'>> => {
      const [job] = await claim(from, 1);
      if (!job) throw new Error('nothing to claim');
      return job;
    };
    const rooms = (claimed: readonly Job<'stats'>[]) => claimed.map((job) => job.payload.room);

    claiming({ clock, enqueue, claim, rooms, under: () => under });
    leases({ clock, enqueue, claim, claimOne, under: () => under });

    test('a job exists exactly if its transaction was committed', async () => {
      await failureOf(
        db.write(async (tx) => {
          await jobs.enqueue(tx, stats('gone'), 1);
          throw new Error('no');
        }),
      );
      expect(await claim()).toEqual([]);
    });

    test('finishWith commits the effect and the end of the job together or not at all', async () => {
      await enqueue(stats('r'));
      const job = await claimOne();
      const report = { room: 'r', release: '', kind: 'k', detail: '', reported_at: 1 };
      const failing = jobs.finishWith(job, async (tx) => {
        await tx.insertInto('client_reports').values(report).execute();
        throw new Error('half way');
      });
      expect((await failureOf(failing)).message).toBe('half way');
      expect(await db.read.selectFrom('client_reports').select('id').execute()).toEqual([]);
      const effect = jobs.finishWith(job, async (tx) => {
        await tx.insertInto('client_reports').values(report).execute();
      });
      expect(await effect).toBe(true);
      expect(await db.read.selectFrom('client_reports').select('room').execute()).toEqual([{ room: 'r' }]);
      expect(await jobs.finishWith(job, () => Promise.reject(new Error('ran')))).toBe(false);
    });

    test('jobs are counted by kind and state', async () => {
      await enqueue(stats('a'), stats('b'), stats('c'));
      await db.write((tx) =>
        jobs.enqueue(
          tx,
          { kind: 'mail', key: 'm', payload: { template: 'resend', to: 'a@b', locale: 'en', data: {} } },
          1,
        ),
      );
      await jobs.finish(await claimOne());
      await jobs.bury(await claimOne(), 'broken');
      expect(await jobs.counts(db.read)).toEqual([
        { kind: 'mail', state: 'ready', count: 1 },
        { kind: 'stats', state: 'dead', count: 1 },
        { kind: 'stats', state: 'done', count: 1 },
        { kind: 'stats', state: 'ready', count: 1 },
      ]);
    });
  });
}

interface Tools {
  readonly clock: TestClock;
  readonly enqueue: (...all: NewJob<'stats'>[]) => Promise<void>;
  readonly claim: (from?: Jobs, limit?: number) => Promise<readonly Job<'stats'>[]>;
  readonly under: () => JobsUnderTest;
}

function claiming({
  clock,
  enqueue,
  claim,
  rooms,
  under,
}: Tools & { readonly rooms: (claimed: readonly Job<'stats'>[]) => string[] }): void {
  test('there is one job per kind and key, also after it is done', async () => {
    const { jobs } = under().one;
    await enqueue(stats('r'), stats('r', { payload: { room: 'other' } }));
    const [job, ...rest] = await claim();
    expect(job).toMatchObject({ kind: 'stats', key: 'r', payload: { room: 'r' }, attempt: 1 });
    expect(rest).toEqual([]);
    if (job) await jobs.finish(job);
    await enqueue(stats('r'));
    expect(await claim()).toEqual([]);
  });

  test('a claim returns due jobs of its kind only, longest due first', async () => {
    await enqueue(
      stats('late', { runAt: clock.now() + 1 }),
      stats('second', { runAt: clock.now() }),
      stats('first', { runAt: clock.now() - 5 }),
      stats('third', { runAt: clock.now() }),
    );
    expect(await under().one.jobs.claim('mail', 10, LEASE_MS)).toEqual([]);
    expect(rooms(await claim(under().one.jobs, 2))).toEqual(['first', 'second']);
    expect(rooms(await claim())).toEqual(['third']);
    clock.at += 1;
    expect(rooms(await claim())).toEqual(['late']);
  });

  test('of workers that claim concurrently, no two get the same job', async () => {
    const all = Array.from({ length: 12 }, (_, index) => `r${index}`);
    await enqueue(...all.map((room) => stats(room)));
    const { one, two } = under();
    const claimed = await Promise.all(
      Array.from({ length: 8 }, (_, index) => claim(index % 2 === 0 ? one.jobs : two.jobs, 2)),
    );
    const got = rooms([...claimed.flat(), ...(await claim(one.jobs, 12))]);
    expect(got.toSorted()).toEqual(all.toSorted());
  });
}

function leases({
  clock,
  enqueue,
  claim,
  claimOne,
  under,
}: Tools & { readonly claimOne: (from?: Jobs) => Promise<Job<'stats'>> }): void {
  test('a job whose lease expired goes to another worker; the first can no longer change it', async () => {
    const { one, two } = under();
    await enqueue(stats('r'));
    const lost = await claimOne();
    clock.at += LEASE_MS - 1;
    expect(await claim(two.jobs)).toEqual([]);
    clock.at += 1;
    const held = await claimOne(two.jobs);
    expect(held).toMatchObject({ id: lost.id, attempt: 2 });
    expect(await one.jobs.finish(lost)).toBe(false);
    expect(await one.jobs.retryOrBury(lost, 'x', 0)).toBe(false);
    expect(await one.jobs.bury(lost, 'x')).toBe(false);
    let ran = false;
    const effect = one.jobs.finishWith(lost, async () => {
      ran = true;
    });
    expect([await effect, ran]).toEqual([false, false]);
    expect(await two.jobs.finish(held)).toBe(true);
    expect(await two.jobs.finish(held)).toBe(false);
  });

  test('an expired lease is still valid until another worker claims the job', async () => {
    await enqueue(stats('r'));
    const job = await claimOne();
    clock.at += 10 * LEASE_MS;
    expect(await under().one.jobs.finish(job)).toBe(true);
  });

  test('a retry is due after its delay; after the last attempt the job is dead', async () => {
    const { jobs } = under().one;
    await enqueue(stats('r', { maxAttempts: 2 }));
    expect(await jobs.retryOrBury(await claimOne(), 'no route', 500)).toBe(true);
    clock.at += 499;
    expect(await claim()).toEqual([]);
    clock.at += 1;
    const last = await claimOne();
    expect([last.attempt, last.maxAttempts]).toEqual([2, 2]);
    expect(await jobs.retryOrBury(last, 'still no route', 500)).toBe(true);
    clock.at += 1_000_000;
    expect(await claim()).toEqual([]);
    expect(await jobs.counts(under().one.db.read)).toEqual([{ kind: 'stats', state: 'dead', count: 1 }]);
  });

  test('a job that crashes its worker each time is dead after its last attempt', async () => {
    await enqueue(stats('r', { maxAttempts: 3 }), stats('other', { runAt: clock.now() + 1 }));
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(await claimOne()).toMatchObject({ key: 'r', attempt });
      clock.at += LEASE_MS;
    }
    expect(await claimOne()).toMatchObject({ key: 'other' });
    const { db } = under().one;
    expect(
      await db.read.selectFrom('jobs').select(['state', 'last_error']).where('key', '=', 'r').execute(),
    ).toEqual([{ state: 'dead', last_error: 'the lease of the last attempt expired' }]);
  });

  test('a very long error is stored in part', async () => {
    await enqueue(stats('r'));
    await under().one.jobs.bury(await claimOne(), 'x'.repeat(1_000_000));
    const [row] = await under().one.db.read.selectFrom('jobs').select('last_error').execute();
    expect(row?.last_error?.length).toBeLessThan(3_000);
  });
}
