/** Databases for the contract of the main database; each adapter's test provides a `Harness`. */
import type { MainDb } from './main-db.ts';
import type { Migration } from './migrations/migration.ts';

/** An empty database that can be opened several times, as by several processes. */
export interface TestDatabase {
  open(migrations?: readonly Migration[]): Promise<MainDb>;
}

export interface Harness {
  create(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

/** One migrated database, opened as by two processes. */
export interface Pair {
  readonly one: MainDb;
  readonly two: MainDb;
}
