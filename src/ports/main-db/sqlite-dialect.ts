/** Kysely on top of the SQLite thread: one driver per connection, its users in turn. */
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
  private readonly thread: SqliteThread;
  private readonly on: 'read' | 'write';

  constructor(thread: SqliteThread, on: 'read' | 'write') {
    this.thread = thread;
    this.on = on;
    this.connection = new ThreadConnection(thread, on);
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
    // IMMEDIATE takes the write lock before the first read: a later upgrade could only fail.
    const sql = this.on === 'write' ? 'begin immediate' : 'begin';
    await this.thread.ask({ kind: 'query', on: this.on, sql, parameters: [] });
  }

  async commitTransaction(): Promise<void> {
    await this.thread.ask({ kind: 'query', on: this.on, sql: 'commit', parameters: [] });
  }

  async rollbackTransaction(): Promise<void> {
    await this.thread.ask({ kind: 'rollback', on: this.on });
  }

  async destroy(): Promise<void> {}
}

class ThreadConnection implements DatabaseConnection {
  private readonly thread: SqliteThread;
  private readonly on: 'read' | 'write';

  constructor(thread: SqliteThread, on: 'read' | 'write') {
    this.thread = thread;
    this.on = on;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, changes } = await this.thread.ask({ kind: 'query', on: this.on, sql, parameters });
    return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
  }

  streamQuery(): never {
    throw new Error('queries are read whole: ask for pages');
  }
}
