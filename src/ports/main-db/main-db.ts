/**
 * The main database: purchases and the long-term state of rooms. Adapters: SQLite in worker
 * threads (default) and PostgreSQL. Queries are written with Kysely in `queries/<topic>.ts`, each a
 * function of a reader or a transaction; services call these functions and contain no SQL.
 */
import type { CompiledQuery, Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Reads outside a transaction. The database itself refuses writes through it. */
export type Reader = Kysely<Schema>;
/** A write transaction. It holds the write lock: await nothing but queries inside it. */
export type Tx = Transaction<Schema>;

/** The rows of several queries, in the order of the queries. */
export type Rows<T extends readonly CompiledQuery[]> = {
  readonly [K in keyof T]: T[K] extends CompiledQuery<infer Row> ? readonly Row[] : never;
};

export interface MainDb {
  readonly engine: 'sqlite' | 'postgres';
  readonly read: Reader;
  /** Runs the queries on one snapshot of the database; on SQLite in one message to the thread. */
  snapshot<T extends readonly CompiledQuery[]>(queries: readonly [...T]): Promise<Rows<T>>;
  /**
   * Runs `work` in a transaction: BEGIN IMMEDIATE (SQLite) or SERIALIZABLE with retry (PostgreSQL), where `work` may
   * run more than once. Rejects with code `database-lost` when it is unknown whether the transaction was committed.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Waits for running transactions; later calls reject. */
  close(): Promise<void>;
}

/** `snapshot` as a read-only transaction with one query at a time. */
export async function snapshotInTransaction<T extends readonly CompiledQuery[]>(
  read: Reader,
  queries: readonly [...T],
): Promise<Rows<T>> {
  const rows: (readonly unknown[])[] = [];
  await read
    .transaction()
    .setAccessMode('read only')
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      for (const query of queries) rows.push((await tx.executeQuery(query)).rows);
    });
  return rows as Rows<T>;
}
