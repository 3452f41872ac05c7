/**
 * A pg pool with a bound on waiting callers and a graceful close: pg's own `end` never settles the
 * promises of callers that wait for a connection.
 */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Pool } from 'pg';
import { MainDbError } from './errors.ts';

/** Callers that hold or wait for a connection of a pool; a further one is refused. */
const USERS_MAX = 2_000;

export class BoundedPool implements PostgresPool {
  private readonly pool: Pool;
  private users = 0;
  private closing: Promise<void> | null = null;
  private drained: (() => void) | null = null;

  constructor(pool: Pool) {
    this.pool = pool;
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.closing) throw new MainDbError('database-closed', 'The main database is closed.');
    if (this.users >= USERS_MAX) {
      throw new MainDbError('database-busy', `More than ${USERS_MAX} requests wait for the database.`);
    }
    this.users++;
    try {
      const client = await this.pool.connect();
      // pg sets a new `release` each time it hands out the client.
      const release = client.release.bind(client);
      client.release = (error) => {
        release(error);
        this.leave();
      };
      return client;
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** Refuses new callers, waits for the present ones, closes the connections. */
  end(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<void> {
    if (this.users > 0) await new Promise<void>((resolve) => (this.drained = resolve));
    await this.pool.end();
  }

  private leave(): void {
    this.users--;
    if (this.users === 0) this.drained?.();
  }
}
