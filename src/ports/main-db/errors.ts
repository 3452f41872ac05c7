/** What can go wrong with the main database as a whole; queries themselves answer with values. */

export type MainDbCode =
  /** The database was written by a newer release of this program. */
  | 'database-newer'
  /** The engine is set so that a commit may be lost in a power cut. */
  | 'database-unsafe'
  /** The database cannot be opened or reached. */
  | 'database-unreachable'
  /** The connection or the worker is gone: what was under way may or may not have happened. */
  | 'database-lost'
  /** Too much is waiting already; nothing was done. */
  | 'database-busy'
  /** The database is closed; nothing was done. */
  | 'database-closed';

/** `message` is one sentence for the operator that says what to do. */
export class MainDbError extends Error {
  override readonly name = 'MainDbError';
  readonly code: MainDbCode;

  constructor(code: MainDbCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The schema in the database is of a later release; nothing was changed. */
export class DatabaseNewer extends MainDbError {
  readonly found: number;
  readonly known: number;

  constructor(found: number, known: number) {
    super(
      'database-newer',
      `The database has schema ${found}, this program knows up to ${known}: ` +
        'start the newer release again, or restore a backup made before the upgrade.',
    );
    this.found = found;
    this.known = known;
  }
}

/** A statement that the engine refused; `code` is the engine's own (`SQLITE_FULL`, `SQLITE_READONLY` …). */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}
