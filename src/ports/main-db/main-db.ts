/**
 * The main database: purchases and the long-term state of rooms. Adapters: SQLite in a worker
 * thread (default) and PostgreSQL. Queries are written with Kysely in `queries/<topic>.ts`, each a
 * function of a reader or a transaction; services call those and write no SQL of their own.
 */
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Reads outside a transaction. A write through it is refused by the database itself. */
export type Reader = Kysely<Schema>;
/** A write transaction. Inside it only queries are awaited: nothing else, it holds the write lock. */
export type Tx = Transaction<Schema>;

export interface MainDb {
  readonly engine: 'sqlite' | 'postgres';
  readonly read: Reader;
  /** BEGIN IMMEDIATE (SQLite) or SERIALIZABLE with retry (PostgreSQL); `work` may run more than once. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
