import { setDefaultTimeout } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, withPostgres } from '../../../test/support/processes/postgres.ts';
import { realWorld } from '../../lib/world.real.ts';
import { openPostgres } from '../main-db/main-db.postgres.ts';
import { openSqlite } from '../main-db/main-db.sqlite.ts';
import { jobsContract } from './jobs.contract.ts';
import { SqlJobs } from './jobs.sql.ts';

// Creating a PostgreSQL cluster takes seconds on a busy machine.
setDefaultTimeout(60_000);

const { random } = realWorld;

jobsContract('SQLite', async (clock) => {
  const folder = await mkdtemp(join(tmpdir(), 'escapement-jobs-'));
  const open = async () => {
    const db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost: () => {} });
    return { db, jobs: new SqlJobs(db, { clock, random }) };
  };
  const [one, two] = [await open(), await open()];
  return {
    one,
    two,
    close: async () => {
      await Promise.all([one.db.close(), two.db.close()]);
      await rm(folder, { recursive: true });
    },
  };
});

withPostgres(() =>
  jobsContract('PostgreSQL', async (clock) => {
    const postgres = await startPostgres();
    const url = await postgres.createDatabase();
    const open = async () => {
      const db = await openPostgres({ ...realWorld, url, onConnectionLost: () => {} });
      return { db, jobs: new SqlJobs(db, { clock, random }) };
    };
    const [one, two] = [await open(), await open()];
    return {
      one,
      two,
      close: async () => {
        await Promise.all([one.db.close(), two.db.close()]);
        await postgres.stop();
      },
    };
  }),
);
