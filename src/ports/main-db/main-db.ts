/**
 * The main database: purchases and the long-term state of rooms. Adapters: SQLite in a worker
 * thread (default) and PostgreSQL. Queries are written with Kysely in `queries/<topic>.ts`, each a
 * function of a reader or a transaction; services call those and write no SQL of their own.
 */
import type { CompiledQuery, Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Reads outside a transaction. A write through it is refused by the database itself. */
export type Reader = Kysely<Schema>;
/** A write transaction. Inside it only queries are awaited: nothing else, it holds the write lock. */
export type Tx = Transaction<Schema>;

/** The rows of several queries, in their order. */
export type Rows<T extends readonly CompiledQuery[]> = {
  readonly [K in keyof T]: T[K] extends CompiledQuery<infer Row> ? readonly Row[] : never;
};

export interface MainDb {
  readonly engine: 'sqlite' | 'postgres';
  readonly read: Reader;
  /** Queries as of one moment, in one trip. */
  snapshot<T extends readonly CompiledQuery[]>(queries: readonly [...T]): Promise<Rows<T>>;
  /** BEGIN IMMEDIATE (SQLite) or SERIALIZABLE with retry (PostgreSQL); `work` may run more than once. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** `snapshot` for engines that are asked statement by statement. */
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
