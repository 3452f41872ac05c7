/** Errors of the main database as a whole. Queries report expected outcomes as return values. */

export type MainDbCode =
  /** The database was written by a newer release of this program. */
  | 'database-newer'
  /** The engine's settings allow a commit to be lost in a power cut. */
  | 'database-unsafe'
  /** The database cannot be opened or reached. */
  | 'database-unreachable'
  /** The connection or the thread was lost: whether running statements were committed is unknown. */
  | 'database-lost'
  /** Too many requests are waiting; nothing was done. */
  | 'database-busy'
  /** The database is closed; nothing was done. */
  | 'database-closed';

/** `message` is a sentence for the operator that says what to do. */
export class MainDbError extends Error {
  override readonly name = 'MainDbError';
  readonly code: MainDbCode;

  constructor(code: MainDbCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The database has the schema of a later release; nothing was changed. */
export class DatabaseNewer extends MainDbError {
  readonly found: number;
  readonly known: number;

  constructor(found: number, known: number) {
    super(
      'database-newer',
      `The database has schema ${found}, this program supports up to ${known}: ` +
        'start the newer release again, or restore a backup made before the upgrade.',
    );
    this.found = found;
    this.known = known;
  }
}

/** The engine refused a statement; `code` is the engine's code (`SQLITE_FULL`, `SQLITE_READONLY` …). */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}
