/**
 * The main database in PostgreSQL. Writes are SERIALIZABLE and retried after serialization failures; reads use
 * connections on which the server refuses writes.
 */
import { Kysely, PostgresDialect } from 'kysely';
import { DatabaseError, Pool, type PoolConfig, types } from 'pg';
import { backoffMs, withFullJitter } from '../../lib/backoff.ts';
import { pause } from '../../lib/pause.ts';
import type { Random, Timers } from '../../lib/world.ts';
import { MainDbError } from './errors.ts';
import { type MainDb, snapshotInTransaction, type Tx } from './main-db.ts';
import { migrate } from './migrate.ts';
import type { Migration, Untyped } from './migrations/migration.ts';
import { BoundedPool } from './postgres-pool.ts';
import type { Schema } from './schema.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; `?host=/path` for a unix socket. */
  readonly url: string;
  readonly timers: Timers;
  /** Jitter of retries. */
  readonly random: Random;
  /** A connection was lost; the pool opens another one when needed. For the log. */
  readonly onConnectionLost: (error: Error) => void;
  /** Default: the program's migrations. For tests. */
  readonly migrations?: readonly Migration[];
}

const CONNECTIONS_MAX = 10;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;
const LOCK_MS = 10_000;
/** The server aborts a transaction that waits longer than this for its next statement. */
const IDLE_IN_TRANSACTION_MS = 15_000;
/** Delays between attempts, with full jitter. */
const RETRY = { firstMs: 8, maxMs: 2_048 };

/** Attempts per SQLSTATE. A transaction that failed with one of these was certainly rolled back. */
const ATTEMPTS_MAX: { readonly [sqlState: string]: number } = {
  /** Serialization failure. */
  '40001': 10,
  /** Deadlock. */
  '40P01': 10,
  /** Unique violation: a concurrent transaction may have inserted the key; the second attempt reads it. */
  '23505': 2,
};

/** Checks the server's settings and migrates; throws `MainDbError` with a message for the operator. */
export async function openPostgres(options: PostgresOptions): Promise<MainDb> {
  const writePool = pool(options);
  const boundedWrite = new BoundedPool(writePool);
  const boundedRead = new BoundedPool(pool(options, '-c default_transaction_read_only=on'));
  const writer = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: boundedWrite }) });
  const read = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: boundedRead }) });
  const close = async () => {
    await Promise.all([boundedWrite.end(), boundedRead.end()]);
  };
  try {
    await refuseUnsafe(writePool);
    await migrate(writer as unknown as Untyped, 'postgres', options.migrations);
  } catch (error) {
    await close();
    throw openError(error);
  }
  return {
    engine: 'postgres',
    read,
    snapshot: (queries) => snapshotInTransaction(read, queries),
    write: (work) => writeWithRetry(writer, work, options),
    close,
  };
}

function pool(options: PostgresOptions, settings = ''): Pool {
  const config: PoolConfig = {
    connectionString: options.url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    // The server's limit expires first; this one is for a server that does not respond at all.
    query_timeout: STATEMENT_MS + CONNECT_MS,
    types: { getTypeParser: typeParser as typeof types.getTypeParser },
    ...(settings === '' ? {} : { options: settings }),
  };
  // Two listeners: the pool reports errors of idle connections only, and an unhandled error event of a
  // connection in use would end the process.
  return new Pool(config)
    .on('error', options.onConnectionLost)
    .on('connect', (client) => client.on('error', options.onConnectionLost));
}

const INT8 = 20;
const BYTEA = 17;

/** The same types as from SQLite: integers as numbers, bytes as plain Uint8Array. */
function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8 && format !== 'binary') return readInteger;
  if (oid === BYTEA && format !== 'binary') return readBytes;
  return types.getTypeParser(oid, format);
}

function readInteger(value: string): number {
  const integer = Number(value);
  if (!Number.isSafeInteger(integer)) throw new RangeError(`${value} is over 53 bits`);
  return integer;
}

function readBytes(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex.slice('\\x'.length));
}

async function refuseUnsafe(from: Pool): Promise<void> {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    const { rows } = await from.query<{ [name: string]: string }>(`show ${setting}`);
    if (rows[0]?.[setting] !== 'off') continue;
    throw new MainDbError(
      'database-unsafe',
      `PostgreSQL runs with ${setting} = off and may lose what it confirmed: ` +
        `set ${setting} = on in postgresql.conf (and for this role and database), reload it, and start again.`,
    );
  }
}

async function writeWithRetry<T>(
  writer: Kysely<Schema>,
  work: (tx: Tx) => Promise<T>,
  { timers, random }: PostgresOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writer.transaction().setIsolationLevel('serializable').execute(work);
    } catch (error) {
      const attemptsMax = error instanceof DatabaseError ? (ATTEMPTS_MAX[error.code ?? ''] ?? 0) : 0;
      if (attemptsMax === 0) throw writeError(error);
      if (attempt >= attemptsMax) throw error;
      await pause(timers, withFullJitter(backoffMs(RETRY, attempt), random));
    }
  }
}

/** Codes of connection errors: SQLSTATE classes 08 and 57P, and Node's codes. */
const CONNECTION = /^(?:08|57P)|^E(?:CONN|PIPE|HOST|NET|ADDR|TIMEDOUT)|^ENOENT$/;

function isConnectionError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as Error & { readonly code?: string };
  if (code !== undefined) return CONNECTION.test(code);
  return /connection|timeout|not queryable/i.test(error.message);
}

function writeError(error: unknown): unknown {
  if (!isConnectionError(error)) return error;
  const message = `The connection to PostgreSQL was lost (${error.message}); whether the write happened is unknown.`;
  return new MainDbError('database-lost', message, { cause: error });
}

function openError(error: unknown): unknown {
  if (error instanceof MainDbError || !(error instanceof Error)) return error;
  return new MainDbError(
    'database-unreachable',
    `Cannot connect to PostgreSQL (${error.message}): check ESCAPEMENT_DATABASE, that the server runs, ` +
      'and that the role owns its database.',
    { cause: error },
  );
}
