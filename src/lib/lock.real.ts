/**
 * A lock between processes that the kernel frees when its holder dies, however it dies: an
 * exclusively locked SQLite file. No pid file that outlives a crash, no daemon, the same on Linux
 * and macOS (docs/decisions/0003-lock-by-sqlite.md).
 *
 * Nothing else may open the file: on POSIX a process loses its locks on a file as soon as it
 * closes any descriptor of it. A network file system may not lock at all.
 */
import { Database } from 'bun:sqlite';

export type LockOutcome = { readonly ok: true; release(): void } | { readonly ok: false };

/** A lock whose handle nobody keeps is still held: collected as garbage, the database would close. */
const held = new Set<Database>();

/** Never waits. Throws when the file cannot be made or opened. */
export function lockFile(path: string): LockOutcome {
  const database = new Database(path, { create: true, readwrite: true });
  try {
    database.run('PRAGMA busy_timeout = 0');
    // Nothing is ever written: no journal is to lie beside the lock.
    database.run('PRAGMA journal_mode = MEMORY');
    database.run('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return { ok: false };
    throw error;
  }
  held.add(database);
  return {
    ok: true,
    release() {
      if (!held.delete(database)) return;
      database.run('ROLLBACK');
      database.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
}
