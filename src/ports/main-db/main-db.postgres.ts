/**
 * The main database in PostgreSQL. Writes are SERIALIZABLE and run again when the engine says that
 * they collided; reads go over connections that the engine itself holds to reading.
 */
import { Kysely, PostgresDialect } from 'kysely';
import { DatabaseError, Pool, type PoolConfig, types } from 'pg';
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
  /** Spreads the retries of writes that collided. */
  readonly random: Random;
  /** A connection was lost; the pool opens another when one is needed. For the log. */
  readonly onConnectionLost: (error: Error) => void;
  /** Other than the program's own, for tests. */
  readonly migrations?: readonly Migration[];
}

const CONNECTIONS_MAX = 10;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;
const LOCK_MS = 10_000;
/** A transaction that waits for us longer than this is given up by the server. */
const IDLE_IN_TRANSACTION_MS = 15_000;
const RETRY_MS = 4;

/** How often a write that ended with a SQLSTATE is tried: what ended so was surely rolled back. */
const TRIES: { readonly [sqlState: string]: number } = {
  /** Serialization failure. */
  '40001': 10,
  /** Deadlock. */
  '40P01': 10,
  /** Unique key: what the first try saw free may have been taken under its hands; the second sees it. */
  '23505': 2,
};

/** Checks the server's settings and migrates; throws `MainDbError` with a sentence for the operator. */
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
    // The server's own limit comes first; this one is for a server that does not answer at all.
    query_timeout: STATEMENT_MS + CONNECT_MS,
    types: { getTypeParser: typeParser as typeof types.getTypeParser },
    ...(settings === '' ? {} : { options: settings }),
  };
  // Two listeners: the pool watches its idle connections only, and an error event of one in use that
  // nobody listens to ends the process.
  return new Pool(config)
    .on('error', options.onConnectionLost)
    .on('connect', (client) => client.on('error', options.onConnectionLost));
}

const INT8 = 20;
const BYTEA = 17;

/** Values as SQLite gives them, too: whole numbers as numbers, bytes as plain Uint8Array. */
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
      const triesMax = error instanceof DatabaseError ? (TRIES[error.code ?? ''] ?? 0) : 0;
      if (triesMax === 0) throw writeError(error);
      if (attempt >= triesMax) throw error;
      const ms = random.next() * RETRY_MS * 2 ** attempt;
      await new Promise<void>((resolve) => timers.after(ms, resolve));
    }
  }
}

/** Node's and pg's own errors about a connection, as opposed to what the server says of a statement. */
const CONNECTION = /^(?:08|57P)|^E(?:CONN|PIPE|HOST|NET|ADDR|TIMEDOUT)|^ENOENT$/;

function lostConnection(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as Error & { readonly code?: string };
  if (code !== undefined) return CONNECTION.test(code);
  return /connection|timeout|not queryable/i.test(error.message);
}

function writeError(error: unknown): unknown {
  if (!lostConnection(error)) return error;
  const message = `The connection to PostgreSQL was lost (${error.message}); whether the write happened is unknown.`;
  return new MainDbError('database-lost', message, { cause: error });
}

function openError(error: unknown): unknown {
  if (error instanceof MainDbError || !(error instanceof Error)) return error;
  return new MainDbError(
    'database-unreachable',
    `PostgreSQL does not let us in (${error.message}): check ESCAPEMENT_DATABASE, that the server runs, ` +
      'and that the role owns its database.',
    { cause: error },
  );
}
