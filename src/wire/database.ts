/** The main database: SQLite in the data folder, or PostgreSQL. */
import { join } from 'node:path';
import { realWorld } from '../lib/world.real.ts';
import type { MainDb } from '../ports/main-db/main-db.ts';
import type { Assembly } from './assembly.ts';

export async function openDatabase(assembly: Assembly): Promise<MainDb> {
  const db = await (assembly.settings.database === '' ? openLocal(assembly) : openServer(assembly));
  assembly.stops.push(() => db.close());
  return db;
}

async function openLocal({ settings, fail }: Assembly): Promise<MainDb> {
  const { openSqlite } = await import('../ports/main-db/main-db.sqlite.ts');
  return openSqlite({ path: join(settings.dataDir, 'main.sqlite'), onLost: fail });
}

async function openServer({ settings, log }: Assembly): Promise<MainDb> {
  const { openPostgres } = await import('../ports/main-db/main-db.postgres.ts');
  return openPostgres({
    url: settings.database,
    ...realWorld,
    onConnectionLost: (error) => log.error('database connection', { error: error.message }),
  });
}
