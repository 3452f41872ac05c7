/**
 * The main database of a simulation: real SQLite in memory under the real schema and queries. Its
 * transactions take simulated time and run one after another. A process that dies takes its open
 * transaction with it; one whose commit was under way never hears whether it happened.
 */
import { Database, type SQLQueryBindings } from 'bun:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { MainDb } from '../../src/ports/main-db/main-db.ts';
import { migrate } from '../../src/ports/main-db/migrate.ts';
import type { Untyped } from '../../src/ports/main-db/migrations/migration.ts';
import type { Schema } from '../../src/ports/main-db/schema.ts';
import { Turns } from '../../src/ports/main-db/turns.ts';
import type { Lease, Scheduler } from './scheduler.ts';

/** Runs one statement. */
type Run = (sql: string, parameters?: readonly unknown[]) => Promise<Answer>;
interface Answer {
  readonly rows: unknown[];
  readonly changes: number;
}

const WAITING_MAX = 1_000;

/** The schema, made once: a new database begins as a copy of these bytes. */
let template: Uint8Array | null = null;

export class SimulatedDatabase {
  /** The share of statements that fail now. */
  failing = 0;
  readonly #sqlite: Database;
  readonly #scheduler: Scheduler;
  #turns = new Turns(WAITING_MAX);

  private constructor(sqlite: Database, scheduler: Scheduler) {
    this.#sqlite = sqlite;
    this.#scheduler = scheduler;
  }

  static async make(scheduler: Scheduler): Promise<SimulatedDatabase> {
    template ??= await makeTemplate();
    return new SimulatedDatabase(Database.deserialize(template), scheduler);
  }

  /** The database as one process sees it; `asked` hears of every statement. */
  connect(lease: Lease, asked = (): void => {}): MainDb {
    const turns = this.#turns;
    const run: Run = (sql, parameters) => {
      asked();
      return this.#run(lease, sql, parameters ?? []);
    };
    const rollBack = async () => void (this.#sqlite.inTransaction && (await run('rollback')));
    const db = kyselyOn(run, rollBack, turns, asked);
    return {
      engine: 'sqlite',
      read: db,
      write: (work) => db.transaction().execute(work),
      close: () => Promise.resolve(),
    };
  }

  /** Without any delay and whatever is down: for looking at the end, and for setting the stage. */
  direct(): Kysely<Schema> {
    return direct(this.#sqlite);
  }

  /** The process that used it is gone: what it left open is undone, and nobody waits for it. */
  drop(): void {
    if (this.#sqlite.inTransaction) this.#sqlite.run('rollback');
    this.#turns = new Turns(WAITING_MAX);
  }

  close(): void {
    this.#sqlite.close();
  }

  /** Takes a while before and after; who dies in between never hears of it. */
  async #run(lease: Lease, sql: string, parameters: readonly unknown[]): Promise<Answer> {
    const pause = () => new Promise<void>((resolve) => lease.after(this.#scheduler.between(0, 0.4), resolve));
    await pause();
    if (sql !== 'rollback' && this.#scheduler.chance(this.failing)) throw new Error('the database failed');
    const answer = execute(this.#sqlite, sql, parameters);
    await pause();
    return answer;
  }
}

function execute(sqlite: Database, sql: string, parameters: readonly unknown[]): Answer {
  const statement = sqlite.query(sql);
  const bindings = parameters as SQLQueryBindings[];
  if (statement.columnNames.length > 0) return { rows: statement.all(...bindings), changes: 0 };
  return { rows: [], changes: statement.run(...bindings).changes };
}

function direct(sqlite: Database): Kysely<Schema> {
  const run: Run = (sql, parameters = []) => Promise.resolve(execute(sqlite, sql, parameters));
  return kyselyOn(run, async () => void (await run('rollback')), new Turns(WAITING_MAX));
}

function kyselyOn(
  run: Run,
  rollBack: () => Promise<void>,
  turns: Turns,
  asked = (): void => {},
): Kysely<Schema> {
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
          asked();
          await turns.take();
          return connection;
        },
        releaseConnection: async () => turns.next(),
        beginTransaction: async () => void (await run('begin')),
        commitTransaction: async () => void (await run('commit')),
        rollbackTransaction: rollBack,
        destroy: () => Promise.resolve(),
      }),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createAdapter: () => new SqliteAdapter(),
      createIntrospector: (db) => new SqliteIntrospector(db),
    },
  });
}

async function makeTemplate(): Promise<Uint8Array> {
  const sqlite = new Database(':memory:');
  await migrate(direct(sqlite) as unknown as Untyped, 'sqlite');
  const bytes = sqlite.serialize();
  sqlite.close();
  return bytes;
}
