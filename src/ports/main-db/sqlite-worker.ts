/**
 * A worker thread with one SQLite connection. bun:sqlite is synchronous and blocks on locks and disks, so it
 * must not be used on the thread that serves rooms.
 */
import { Database, type SQLQueryBindings } from 'bun:sqlite';
import type { WorkerResponse, WorkerRequest } from './sqlite-messages.ts';

declare const self: Worker;

/** A statement that waits longer for another process's lock fails with SQLITE_BUSY. */
const BUSY_MS = 10_000;
/** busy_timeout does not apply when two processes create a database at once: SQLITE_BUSY is retried here. */
const OPEN_TRIES = 200;
const OPEN_PAUSE_MS = 25;
/** Size of Bun's cache of prepared statements: larger than the number of different statements of the program. */
const STATEMENTS_MAX = 400;

interface Connection {
  readonly database: Database;
  readonly reads: boolean;
}

let connection: Connection | null = null;

self.onmessage = ({ data }: MessageEvent<WorkerRequest>) => {
  self.postMessage(respond(data));
};

function respond(request: WorkerRequest): WorkerResponse {
  try {
    return handle(request);
  } catch (error) {
    // Errors of bun:sqlite carry the engine's code; any other error is a bug in this file.
    const { code = 'SQLITE_ERROR', message } = error as Error & { readonly code?: string };
    return { id: request.id, ok: false, code, message };
  }
}

function handle(request: WorkerRequest): WorkerResponse {
  if (request.kind === 'open') {
    connection = { database: openWithRetry(request.path, request.reads), reads: request.reads };
    return { id: request.id, ok: true, rows: [], changes: 0 };
  }
  if (!connection) throw new Error('the database is not open');
  if (request.kind === 'close') {
    close(connection);
    connection = null;
    return { id: request.id, ok: true, rows: [], changes: 0 };
  }
  const { database, reads } = connection;
  if (request.kind === 'snapshot') {
    return { id: request.id, ok: true, rows: snapshot(database, request.queries), changes: 0 };
  }
  if (request.kind === 'rollback') {
    // SQLite may have rolled back by itself already (disk full, I/O error).
    if (database.inTransaction) database.run('rollback');
    return { id: request.id, ok: true, rows: [], changes: 0 };
  }
  if (request.begin !== undefined) database.query(request.begin).run();
  // SQLite rolls a transaction back by itself when the disk is full. If the caller ignored that error, its
  // further statements must not run in autocommit mode.
  if (!reads && !database.inTransaction) throw new Error('the transaction is over');
  const statement = database.query(request.sql);
  const parameters = request.parameters as SQLQueryBindings[];
  if (statement.reader) {
    const rows = statement.all(...parameters);
    return { id: request.id, ok: true, rows, changes: rows.length };
  }
  return { id: request.id, ok: true, rows: [], changes: statement.run(...parameters).changes };
}

/** Returns one list of rows per query. No other request can run in between: the thread is synchronous. */
function snapshot(
  database: Database,
  queries: readonly { readonly sql: string; readonly parameters: readonly unknown[] }[],
): unknown[][] {
  // A read transaction of another request may be open between two of its statements: it is a snapshot, too.
  const own = !database.inTransaction;
  if (own) database.query('begin').run();
  try {
    return queries.map(({ sql, parameters }) => {
      return database.query(sql).all(...(parameters as SQLQueryBindings[]));
    });
  } finally {
    if (own) database.query('commit').run();
  }
}

function openWithRetry(path: string, reads: boolean): Database {
  for (let attempt = 1; ; attempt++) {
    try {
      return reads ? openReader(path) : openWriter(path);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (!code?.startsWith('SQLITE_BUSY') || attempt === OPEN_TRIES) throw error;
      Bun.sleepSync(OPEN_PAUSE_MS);
    }
  }
}

function openWriter(path: string): Database {
  Database.MAX_QUERY_CACHE_SIZE = STATEMENTS_MAX;
  using undo = new DisposableStack();
  const database = undo.use(new Database(path, { create: true, readwrite: true, strict: true }));
  database.run(`pragma busy_timeout = ${BUSY_MS}`);
  database.run('pragma journal_mode = wal');
  database.run('pragma synchronous = full');
  database.run('pragma foreign_keys = on');
  expectPragma(database, 'journal_mode', 'wal');
  expectPragma(database, 'synchronous', 2);
  expectPragma(database, 'foreign_keys', 1);
  undo.move();
  return database;
}

/** Open it after the writer: a read-only connection cannot create the files that WAL needs. */
function openReader(path: string): Database {
  Database.MAX_QUERY_CACHE_SIZE = STATEMENTS_MAX;
  const database = new Database(path, { readonly: true, strict: true });
  database.run(`pragma busy_timeout = ${BUSY_MS}`);
  return database;
}

function expectPragma(database: Database, name: string, value: string | number): void {
  const row = database.query(`pragma ${name}`).get() as { [column: string]: unknown } | null;
  const found = row === null ? undefined : Object.values(row)[0];
  if (found !== value) throw new Error(`pragma ${name} is ${String(found)}, not ${value}`);
}

function close({ database, reads }: Connection): void {
  try {
    if (!reads) database.run('pragma wal_checkpoint(truncate)');
  } catch (error) {
    // The checkpoint is optional: every commit is durable in the write-ahead log, which the next start reads.
    if ((error as { readonly code?: string }).code !== 'SQLITE_FULL') throw error;
  }
  database.close(true);
}
