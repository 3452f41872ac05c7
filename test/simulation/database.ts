/**
 * The main database of a simulation: real SQLite in memory under the real schema and queries. Its
 * transactions take simulated time and run one after another, whichever process they come from. A
 * process that dies takes its open transaction with it; an answer may get lost although the
 * statement, a commit too, was carried out.
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
import type { Lease } from './lease.ts';
import { Queue } from './queue.ts';
import type { Scheduler } from './scheduler.ts';

interface Answer {
  readonly rows: unknown[];
  readonly changes: number;
}
type Run = (sql: string, parameters?: readonly unknown[]) => Promise<Answer>;

/** What a new database begins as: made once, afterwards everything is synchronous. */
export async function makeDatabase(furnish: (db: Kysely<Schema>) => Promise<void>): Promise<Uint8Array> {
  const sqlite = new Database(':memory:');
  const run: Run = (sql, parameters = []) => Promise.resolve(execute(sqlite, sql, parameters));
  const db = kyselyOn(run, {
    take: () => Promise.resolve(),
    next: () => {},
    rollBack: () => run('rollback'),
  });
  await migrate(db as unknown as Untyped, 'sqlite');
  await furnish(db);
  const bytes = sqlite.serialize();
  sqlite.close();
  return bytes;
}

export class SimulatedDatabase {
  /** The share of statements that fail now; half of those were carried out. */
  failing = 0;
  /** Called when a transaction that moved an archive is committed, before anybody hears of it. */
  onArchived = (): void => {};
  #sqlite: Database;
  readonly #scheduler: Scheduler;
  readonly #queue = new Queue();
  /** Changes from outside that were made within somebody's transaction. */
  readonly #meanwhile: (() => void)[] = [];
  /** The transaction under way has moved an archive. */
  #archives = false;
  /** What a planted bug makes of a statement. */
  readonly #rewrite: (sql: string) => string;

  constructor(bytes: Uint8Array, scheduler: Scheduler, rewrite: (sql: string) => string = (sql) => sql) {
    this.#sqlite = Database.deserialize(bytes);
    this.#scheduler = scheduler;
    this.#rewrite = rewrite;
  }

  /** The database as one process sees it. */
  connect(lease: Lease): MainDb {
    const run: Run = (sql, parameters) => this.#run(lease, sql, parameters ?? []);
    const turn = {
      take: () => this.#queue.take(lease),
      next: () => this.#release(lease),
      rollBack: async () => void (this.#sqlite.inTransaction && (await run('rollback'))),
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

  /** At once and whatever is down; a transaction that is open does not take it along when it is undone. */
  change(sql: string, ...parameters: (string | number)[]): void {
    const make = (): void => void this.#sqlite.query(sql).run(...parameters);
    if (this.#sqlite.inTransaction) this.#meanwhile.push(make);
    make();
  }

  /** At once, as it is now: for those who watch. */
  rows<Row>(sql: string, ...parameters: (string | number)[]): Row[] {
    return this.#sqlite.query(sql).all(...parameters) as Row[];
  }

  /** The records of the room's chunks as they are now, oldest first. */
  archiveNow(room: string): Uint8Array[] {
    const query = 'select deflated from chunks where room = ? order by last_seq';
    return this.rows<{ deflated: Uint8Array }>(query, room).map(({ deflated }) => inflateRawSync(deflated));
  }

  /** The process that used it is gone: what it left open is undone, and nobody waits for it. */
  drop(lease: Lease): void {
    this.#release(lease);
  }

  /** Everything that is committed, as of one moment between two transactions. */
  async copy(lease: Lease): Promise<Uint8Array> {
    await this.#queue.take(lease);
    const bytes = this.#sqlite.serialize();
    this.#queue.next(lease);
    return bytes;
  }

  /** Only what was copied is there now; no process may be using it. */
  restore(bytes: Uint8Array): void {
    this.#meanwhile.length = 0;
    this.#sqlite.close();
    this.#sqlite = Database.deserialize(bytes);
  }

  close(): void {
    this.#sqlite.close();
  }

  /** A connection goes back without a transaction, whatever went wrong on it. */
  #release(lease: Lease): void {
    if (this.#queue.holds(lease) && this.#sqlite.inTransaction) {
      this.#sqlite.run('rollback');
      this.#transactionOver(false);
    }
    this.#queue.next(lease);
  }

  #transactionOver(isCommitted: boolean): void {
    for (const make of this.#meanwhile.splice(0)) if (!isCommitted) make();
    if (isCommitted && this.#archives) this.onArchived();
    this.#archives = false;
  }

  /** Takes a while before and after; who dies in between never hears of it. */
  async #run(lease: Lease, sql: string, parameters: readonly unknown[]): Promise<Answer> {
    const scheduler = this.#scheduler;
    await this.#pause(lease);
    const fails = sql !== 'rollback' && scheduler.chance(this.failing);
    const isLost = fails && scheduler.chance(0.5);
    if (fails) scheduler.strike('database fails');
    if (fails && !isLost) {
      scheduler.mark('database: statement failed');
      throw new Error('the database failed');
    }
    scheduler.event('database', sql.length);
    scheduler.trace(() => `database: ${sql.slice(0, 70)}`);
    const answer = execute(this.#sqlite, this.#rewrite(sql), parameters);
    if (sql === 'commit' || sql === 'rollback') this.#transactionOver(sql === 'commit');
    if (sql.startsWith('update "rooms" set "archived_upto"')) {
      if (answer.changes === 0) scheduler.mark('archive moved by another');
      else this.#archives = true;
    }
    await this.#pause(lease);
    if (isLost) {
      scheduler.mark(sql === 'commit' ? 'database: commit unknown' : 'database: answer lost');
      throw new Error('the database did not answer');
    }
    return answer;
  }

  #pause(lease: Lease): Promise<void> {
    return new Promise((resolve) => lease.after(this.#scheduler.between(0, 0.4), resolve));
  }
}

function execute(sqlite: Database, sql: string, parameters: readonly unknown[]): Answer {
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
