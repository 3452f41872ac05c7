/**
 * Jobs in a table of the main database. Each claim leases jobs under a new random token, and every later change
 * requires that token: a worker that lost its lease changes nothing. Leases expire by this process's clock: a clock
 * that runs ahead can make a job run twice, but never lose one.
 */
import type { Selectable } from 'kysely';
import type { Clock, Random } from '../../lib/world.ts';
import type { MainDb, Reader, Tx } from '../main-db/main-db.ts';
import type { JobRow } from '../main-db/schema.ts';
import { isLastAttempt, type Job, type JobKind, type JobKinds, type Jobs, type NewJob } from './jobs.ts';

const ATTEMPTS_MAX_DEFAULT = 10;
/** Longer error texts are cut. */
const ERROR_LENGTH_MAX = 2_000;
const TOKEN_BYTES = 16;

type StoredJob = Selectable<JobRow>;

export class SqlJobs implements Jobs {
  private readonly db: MainDb;
  private readonly clock: Clock;
  private readonly random: Random;

  constructor(db: MainDb, world: { readonly clock: Clock; readonly random: Random }) {
    this.db = db;
    this.clock = world.clock;
    this.random = world.random;
  }

  async enqueue<K extends JobKind>(tx: Tx, job: NewJob<K>, now: number): Promise<void> {
    await tx
      .insertInto('jobs')
      .values({
        kind: job.kind,
        key: job.key,
        payload: JSON.stringify(job.payload),
        state: 'ready',
        run_at: job.runAt ?? 0,
        attempts: 0,
        max_attempts: job.maxAttempts ?? ATTEMPTS_MAX_DEFAULT,
        lease_token: null,
        lease_until: 0,
        last_error: null,
        created_at: now,
      })
      .onConflict((conflict) => conflict.columns(['kind', 'key']).doNothing())
      .execute();
  }

  async claim<K extends JobKind>(kind: K, limit: number, leaseMs: number): Promise<readonly Job<K>[]> {
    const now = this.clock.now();
    // Most polls find nothing; they must not take the write lock.
    if ((await due(this.db.read, kind, now, 1)).length === 0) return [];
    const token = Buffer.from(this.random.bytes(TOKEN_BYTES)).toString('hex');
    return this.db.write(async (tx) => {
      await buryAbandoned(tx, kind, now);
      const rows = await due(tx, kind, now, limit, this.db.engine === 'postgres');
      if (rows.length === 0) return [];
      await tx
        .updateTable('jobs')
        .set((row) => ({
          state: 'leased',
          lease_token: token,
          lease_until: now + leaseMs,
          attempts: row('attempts', '+', 1),
        }))
        .where(
          'id',
          'in',
          rows.map((row) => row.id),
        )
        .execute();
      return rows.map((row) => toJob(row, kind, token));
    });
  }

  finish(job: Job): Promise<boolean> {
    return this.db.write((tx) => release(tx, job, { state: 'done', last_error: null }));
  }

  finishWith(job: Job, effect: (tx: Tx) => Promise<void>): Promise<boolean> {
    return this.db.write(async (tx) => {
      const held = await release(tx, job, { state: 'done', last_error: null });
      if (held) await effect(tx);
      return held;
    });
  }

  retryOrBury(job: Job, error: string, delayMs: number): Promise<boolean> {
    if (isLastAttempt(job)) return this.bury(job, error);
    const run_at = this.clock.now() + delayMs;
    return this.db.write((tx) => release(tx, job, { state: 'ready', run_at, last_error: short(error) }));
  }

  bury(job: Job, error: string): Promise<boolean> {
    return this.db.write((tx) => release(tx, job, { state: 'dead', last_error: short(error) }));
  }

  counts(read: Reader): Promise<readonly { kind: string; state: string; count: number }[]> {
    return read
      .selectFrom('jobs')
      .select(['kind', 'state', (select) => select.fn.countAll<number>().as('count')])
      .groupBy(['kind', 'state'])
      .orderBy('kind')
      .orderBy('state')
      .execute();
  }
}

/** Jobs that can be claimed now, longest due first. `lock`: skips rows that another transaction has locked. */
async function due(
  read: Reader,
  kind: JobKind,
  now: number,
  limit: number,
  lock = false,
): Promise<readonly StoredJob[]> {
  const query = read
    .selectFrom('jobs')
    .selectAll()
    .where('kind', '=', kind)
    .where((where) =>
      where.or([
        where.and([where('state', '=', 'ready'), where('run_at', '<=', now)]),
        where.and([where('state', '=', 'leased'), where('lease_until', '<=', now)]),
      ]),
    )
    .orderBy('run_at')
    .orderBy('id')
    .limit(limit);
  return (lock ? query.forUpdate().skipLocked() : query).execute();
}

/** Buries jobs whose lease expired in their last attempt: a job that crashes its worker must not run forever. */
async function buryAbandoned(tx: Tx, kind: JobKind, now: number): Promise<void> {
  await tx
    .updateTable('jobs')
    .set({ state: 'dead', lease_token: null, last_error: 'the lease of the last attempt expired' })
    .where('kind', '=', kind)
    .where('state', '=', 'leased')
    .where('lease_until', '<=', now)
    .whereRef('attempts', '>=', 'max_attempts')
    .execute();
}

async function release(
  tx: Tx,
  job: Job,
  change: Partial<Pick<StoredJob, 'state' | 'run_at' | 'last_error'>>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('jobs')
    .set({ ...change, lease_token: null, lease_until: 0 })
    .where('id', '=', job.id)
    .where('state', '=', 'leased')
    .where('lease_token', '=', job.leaseToken)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function toJob<K extends JobKind>(row: StoredJob, kind: K, leaseToken: string): Job<K> {
  return {
    id: row.id,
    kind,
    key: row.key,
    // Not validated: written by `enqueue`, whose type couples the payload to the kind.
    payload: JSON.parse(row.payload) as JobKinds[K],
    attempt: row.attempts + 1,
    maxAttempts: row.max_attempts,
    leaseToken,
  };
}

function short(error: string): string {
  return error.length <= ERROR_LENGTH_MAX ? error : `${error.slice(0, ERROR_LENGTH_MAX)}…`;
}
