/** The main database in SQLite: one file, two threads (writer and reader), durable at every commit. */
import { Kysely } from 'kysely';
import { MainDbError, StatementError } from './errors.ts';
import type { MainDb } from './main-db.ts';
import { migrate } from './migrate.ts';
import type { Migration, Untyped } from './migrations/migration.ts';
import type { Schema } from './schema.ts';
import { threadDialect } from './sqlite-dialect.ts';
import { SqliteThread } from './sqlite-thread.ts';

export interface SqliteOptions {
  /** The database file; it and its `-wal` and `-shm` files are created if missing. */
  readonly path: string;
  /** A thread ended unexpectedly: the outcome of pending requests is unknown, all later ones fail. Stop the process. */
  readonly onLost: (error: MainDbError) => void;
  /** Default: the program's migrations. For tests. */
  readonly migrations?: readonly Migration[];
}

export interface SqliteDb extends MainDb {
  /** Ends the writer thread as a crash would. For tests. */
  crash(): void;
}

/**
 * Opens and migrates; throws `MainDbError` with a message for the operator.
 *
 * Reads have their own thread: a write that waits for another process's lock must not delay
 * the loading of rooms.
 */
export async function openSqlite(options: SqliteOptions): Promise<SqliteDb> {
  const { path } = options;
  let lost = false;
  const threads: SqliteThread[] = [];
  const onLost = (error: MainDbError): void => {
    if (lost) return;
    lost = true;
    for (const thread of threads) thread.kill();
    options.onLost(error);
  };
  const writes = new SqliteThread(onLost);
  const reads = new SqliteThread(onLost);
  threads.push(writes, reads);
  const writer = new Kysely<Schema>({ dialect: threadDialect(writes, 'write') });
  const read = new Kysely<Schema>({ dialect: threadDialect(reads, 'read') });
  try {
    await writes.request({ kind: 'open', path, reads: false });
    await migrate(writer as unknown as Untyped, 'sqlite', options.migrations);
    await reads.request({ kind: 'open', path, reads: true });
  } catch (error) {
    for (const thread of [reads, writes]) await thread.close().catch(() => thread.kill());
    throw openError(path, error);
  }
  return {
    engine: 'sqlite',
    read,
    snapshot: (queries) => reads.snapshot(queries),
    write: (work) => writer.transaction().execute(work),
    // Acquires both connections first, so that running transactions end before the threads close.
    close: () =>
      writer
        .connection()
        .execute(() => read.connection().execute(() => reads.close().then(() => writes.close()))),
    crash: () => writes.kill(),
  };
}

function openError(path: string, error: unknown): unknown {
  if (!(error instanceof StatementError)) return error;
  return new MainDbError(
    'database-unreachable',
    `The database ${path} cannot be opened (${error.message}): ` +
      'check that its folder can be written, the disk has room, and the file is an Escapement database.',
    { cause: error },
  );
}
