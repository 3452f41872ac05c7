/** A Kysely dialect for a SQLite thread: one connection, used by one transaction or query at a time. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { Semaphore } from '../../lib/semaphore.ts';
import { MainDbError } from './errors.ts';
import type { SqliteThread } from './sqlite-thread.ts';

/** Transactions and single queries that may wait for the connection; a further one is refused. */
const WAITING_MAX = 5_000;

/** IMMEDIATE takes the write lock before the first read: upgrading a read transaction later can fail with SQLITE_BUSY. */
const BEGIN_WRITE = 'begin immediate';
const BEGIN_READ = 'begin';

export function threadDialect(thread: SqliteThread, on: 'read' | 'write'): Dialect {
  return {
    createDriver: () => new ThreadDriver(thread, on),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

class ThreadDriver implements Driver {
  private readonly mutex = new Semaphore(1, WAITING_MAX);
  private readonly connection: ThreadConnection;

  constructor(thread: SqliteThread, on: 'read' | 'write') {
    this.connection = new ThreadConnection(thread, on === 'write' ? BEGIN_WRITE : BEGIN_READ);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const acquired = this.mutex.acquire();
    if (!acquired) {
      throw new MainDbError('database-busy', `More than ${WAITING_MAX} requests wait for the database.`);
    }
    await acquired;
    return this.connection;
  }

  async releaseConnection(): Promise<void> {
    this.mutex.release();
  }

  async beginTransaction(): Promise<void> {
    this.connection.begin();
  }

  commitTransaction(): Promise<void> {
    return this.connection.commit();
  }

  rollbackTransaction(): Promise<void> {
    return this.connection.rollback();
  }

  async destroy(): Promise<void> {}
}

class ThreadConnection implements DatabaseConnection {
  private readonly thread: SqliteThread;
  private readonly beginSql: string;
  /** A transaction was begun and has no statement yet: `begin` is sent together with the first one. */
  private beginning = false;

  constructor(thread: SqliteThread, beginSql: string) {
    this.thread = thread;
    this.beginSql = beginSql;
  }

  begin(): void {
    this.beginning = true;
  }

  async commit(): Promise<void> {
    if (this.beginning) this.beginning = false;
    else await this.thread.request({ kind: 'query', sql: 'commit', parameters: [] });
  }

  async rollback(): Promise<void> {
    if (this.beginning) this.beginning = false;
    else await this.thread.request({ kind: 'rollback' });
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const query = { kind: 'query', sql, parameters } as const;
    const begin = this.beginning ? { begin: this.beginSql } : {};
    this.beginning = false;
    const { rows, changes } = await this.thread.request({ ...query, ...begin });
    return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
  }

  streamQuery(): never {
    throw new Error('streaming is not supported: read in pages');
  }
}
