/** Kysely on top of a SQLite thread: one driver per connection, its users in turn. */
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
import type { SqliteThread } from './sqlite-thread.ts';
import { Turns } from './turns.ts';

/** Transactions and single queries that wait for a connection; a further one is refused. */
const WAITING_MAX = 5_000;

/** IMMEDIATE takes the write lock before the first read: a later upgrade could only fail. */
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
  private readonly turns = new Turns(WAITING_MAX);
  private readonly connection: ThreadConnection;

  constructor(thread: SqliteThread, on: 'read' | 'write') {
    this.connection = new ThreadConnection(thread, on === 'write' ? BEGIN_WRITE : BEGIN_READ);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.turns.take();
    return this.connection;
  }

  async releaseConnection(): Promise<void> {
    this.turns.next();
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
  /** A transaction was asked for and its first statement is still to come. */
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
    else await this.thread.ask({ kind: 'query', sql: 'commit', parameters: [] });
  }

  async rollback(): Promise<void> {
    if (this.beginning) this.beginning = false;
    else await this.thread.ask({ kind: 'rollback' });
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const question = { kind: 'query', sql, parameters } as const;
    const begin = this.beginning ? { begin: this.beginSql } : {};
    this.beginning = false;
    const { rows, changes } = await this.thread.ask({ ...question, ...begin });
    return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
  }

  streamQuery(): never {
    throw new Error('queries are read whole: ask for pages');
  }
}
