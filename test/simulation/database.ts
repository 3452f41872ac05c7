/**
 * The main database of a run: real SQLite in memory with the real schema and queries. Transactions take
 * simulated time and run one after another, whichever process they come from. The open transaction of a
 * killed process is rolled back; a reply may get lost although the statement, even a commit, was executed.
 */
import { Database, type SQLQueryBindings } from 'bun:sqlite';
import { inflateRawSync } from 'node:zlib';
import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { type MainDb, snapshotInTransaction } from '../../src/ports/main-db/main-db.ts';
import type { Schema } from '../../src/ports/main-db/schema.ts';
import { migrate } from '../../src/ports/main-db/migrate.ts';
import type { Untyped } from '../../src/ports/main-db/migrations/migration.ts';
import { pause } from '../../src/lib/pause.ts';
import type { Lease } from './lease.ts';
import { Queue } from './queue.ts';
import type { Scheduler } from './scheduler.ts';

interface Result {
  readonly rows: unknown[];
  readonly changes: number;
}
type Run = (sql: string, parameters?: readonly unknown[]) => Promise<Result>;

/** A new database with `insertSeedData`, serialized: made once, so that everything later is synchronous. */
export async function makeDatabase(
  insertSeedData: (db: Kysely<Schema>) => Promise<void>,
): Promise<Uint8Array> {
  const sqlite = new Database(':memory:');
  const run: Run = (sql, parameters = []) => Promise.resolve(execute(sqlite, sql, parameters));
  const db = kyselyOn(run, {
    take: () => Promise.resolve(),
    next: () => {},
    rollBack: () => run('rollback'),
  });
  await migrate(db as unknown as Untyped, 'sqlite');
  await insertSeedData(db);
  const bytes = sqlite.serialize();
  sqlite.close();
  return bytes;
}

export class SimulatedDatabase {
  /** Share of statements that fail; half of those are executed nevertheless. */
  failureRate = 0;
  /** Called after the commit of a transaction that moved an archive, before its caller receives the reply. */
  onArchived = (): void => {};
  private sqlite: Database;
  private readonly scheduler: Scheduler;
  private readonly queue = new Queue();
  /** Outside changes made during a transaction; repeated if it is rolled back. */
  private readonly outsideChanges: (() => void)[] = [];
  /** The open transaction has moved an archive. */
  private hasArchived = false;
  /** A mutant's change of a statement. */
  private readonly rewrite: (sql: string) => string;

  constructor(bytes: Uint8Array, scheduler: Scheduler, rewrite: (sql: string) => string = (sql) => sql) {
    this.sqlite = Database.deserialize(bytes);
    this.scheduler = scheduler;
    this.rewrite = rewrite;
  }

  /** The database as one process sees it. */
  connect(lease: Lease): MainDb {
    const run: Run = (sql, parameters) => this.run(lease, sql, parameters ?? []);
    const turn = {
      take: () => this.queue.take(lease),
      next: () => this.release(lease),
      rollBack: async () => void (this.sqlite.inTransaction && (await run('rollback'))),
    };
    const db = kyselyOn(run, turn);
    return {
      engine: 'sqlite',
      read: db,
      snapshot: (queries) => snapshotInTransaction(db, queries),
      write: (work) => db.transaction().execute(work),
      close: () => Promise.resolve(),
    };
  }

  /** Changes rows at once, without faults; a rollback of the open transaction does not undo it. */
  update(sql: string, ...parameters: (string | number)[]): void {
    const change = (): void => void this.sqlite.query(sql).run(...parameters);
    if (this.sqlite.inTransaction) this.outsideChanges.push(change);
    change();
  }

  /** Reads at once, without faults: for checks. */
  query<Row>(sql: string, ...parameters: (string | number)[]): Row[] {
    return this.sqlite.query(sql).all(...parameters) as Row[];
  }

  /** The records of the room's chunks, oldest first. */
  archivedRecords(room: string): Uint8Array[] {
    const query = 'select deflated from chunks where room = ? order by last_seq';
    return this.query<{ deflated: Uint8Array }>(query, room).map(({ deflated }) => inflateRawSync(deflated));
  }

  /** Ends the use by `lease`, also when its process died: an open transaction is rolled back. */
  release(lease: Lease): void {
    if (this.queue.holds(lease) && this.sqlite.inTransaction) {
      this.sqlite.run('rollback');
      this.endTransaction(false);
    }
    this.queue.next(lease);
  }

  /** A serialized copy, taken between two transactions. */
  async copy(lease: Lease): Promise<Uint8Array> {
    await this.queue.take(lease);
    const bytes = this.sqlite.serialize();
    this.queue.next(lease);
    return bytes;
  }

  /** Replaces everything by a copy; no process may be using the database. */
  restore(bytes: Uint8Array): void {
    this.outsideChanges.length = 0;
    this.sqlite.close();
    this.sqlite = Database.deserialize(bytes);
  }

  close(): void {
    this.sqlite.close();
  }

  private endTransaction(isCommitted: boolean): void {
    for (const change of this.outsideChanges.splice(0)) if (!isCommitted) change();
    if (isCommitted && this.hasArchived) this.onArchived();
    this.hasArchived = false;
  }

  /** Takes time before and after the statement; a process that is killed meanwhile gets no reply. */
  private async run(lease: Lease, sql: string, parameters: readonly unknown[]): Promise<Result> {
    const scheduler = this.scheduler;
    await this.delay(lease);
    const fails = sql !== 'rollback' && scheduler.chance(this.failureRate);
    const isLost = fails && scheduler.chance(0.5);
    if (fails) scheduler.countFault('database fails');
    if (fails && !isLost) {
      scheduler.count('database: statement failed');
      throw new Error('the database failed');
    }
    scheduler.event('database', sql.length);
    scheduler.trace(() => `database: ${sql.slice(0, 70)}`);
    const result = execute(this.sqlite, this.rewrite(sql), parameters);
    if (sql === 'commit' || sql === 'rollback') this.endTransaction(sql === 'commit');
    if (sql.startsWith('update "rooms" set "archived_upto"')) {
      if (result.changes === 0) scheduler.count('archive moved by another');
      else this.hasArchived = true;
    }
    await this.delay(lease);
    if (isLost) {
      scheduler.count(sql === 'commit' ? 'database: commit unknown' : 'database: reply lost');
      throw new Error('the reply of the database was lost');
    }
    return result;
  }

  private delay(lease: Lease): Promise<void> {
    return pause(lease, this.scheduler.between(0, 0.4));
  }
}

function execute(sqlite: Database, sql: string, parameters: readonly unknown[]): Result {
  const statement = sqlite.query(sql);
  const bindings = parameters as SQLQueryBindings[];
  if (statement.columnNames.length > 0) return { rows: statement.all(...bindings), changes: 0 };
  return { rows: [], changes: statement.run(...bindings).changes };
}

interface Turn {
  take(): Promise<void>;
  next(): void;
  rollBack(): Promise<unknown>;
}

function kyselyOn(run: Run, turn: Turn): Kysely<Schema> {
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const { rows, changes } = await run(sql, parameters);
      return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
    },
    streamQuery: () => {
      throw new Error('queries are read whole');
    },
  };
  return new Kysely<Schema>({
    dialect: {
      createDriver: () => ({
        init: () => Promise.resolve(),
        acquireConnection: async () => {
          await turn.take();
          return connection;
        },
        releaseConnection: async () => turn.next(),
        beginTransaction: async () => void (await run('begin')),
        commitTransaction: async () => void (await run('commit')),
        rollbackTransaction: async () => void (await turn.rollBack()),
        destroy: () => Promise.resolve(),
      }),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createAdapter: () => new SqliteAdapter(),
      createIntrospector: (db) => new SqliteIntrospector(db),
    },
  });
}
