/**
 * A lock between processes that the kernel releases when its holder ends in any way: an
 * exclusively locked SQLite file. Unlike a pid file it cannot outlive a crash; it needs no daemon and works the same
 * on Linux and macOS (docs/decisions/0003-lock-by-sqlite.md).
 *
 * Nothing else may open the file: on POSIX a process loses its locks on a file as soon as it
 * closes any descriptor of it. Network file systems may not support locks.
 */
import { Database } from 'bun:sqlite';

export type LockOutcome = { readonly ok: true; release(): void } | { readonly ok: false };

/** Keeps held locks reachable: when a database is garbage-collected, it closes and the lock is released. */
const held = new Set<Database>();

/** Does not wait: `ok: false` = another process, or this one, holds the lock. Throws when the file cannot be opened. */
export function lockFile(path: string): LockOutcome {
  const database = new Database(path, { create: true, readwrite: true });
  try {
    database.run('PRAGMA busy_timeout = 0');
    // Nothing is ever written: avoid a journal file beside the lock.
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
