/**
 * Migrates a database to the schema of this program: all pending migrations in one transaction, or none.
 */
import { sql } from 'kysely';
import { DatabaseNewer } from './errors.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { type Engine, type Migration, type Untyped, build } from './migrations/migration.ts';

/**
 * `db` must be writable. Returns the number of migrations that were run. Throws `DatabaseNewer`, before anything is
 * changed, when the database has more migrations than the program.
 */
export async function migrate(
  db: Untyped,
  engine: Engine,
  steps: readonly Migration[] = MIGRATIONS,
): Promise<number> {
  return db.transaction().execute(async (tx) => {
    if (engine === 'postgres') {
      // When two processes start at once, the second one waits here and then finds nothing to do.
      await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
    }
    const version = (await tableExists(tx, engine)) ? await readVersion(tx) : 0;
    if (version > steps.length) throw new DatabaseNewer(version, steps.length);
    if (version === steps.length) return 0;
    if (version === 0) await createVersionTable(tx, engine);
    for (const step of steps.slice(version)) await step.up(build(tx, engine));
    await tx.updateTable('schema_version').set({ version: steps.length }).execute();
    return steps.length - version;
  });
}

/** Key of the advisory lock; arbitrary, but used for nothing else in the database. */
const LOCK = 1_163_084_097;

async function tableExists(db: Untyped, engine: Engine): Promise<boolean> {
  const found =
    engine === 'sqlite'
      ? await sql`select 1 from sqlite_master where type = 'table' and name = 'schema_version'`.execute(db)
      : await sql`select 1 from pg_tables where schemaname = current_schema() and tablename = 'schema_version'`.execute(
          db,
        );
  return found.rows.length > 0;
}

async function readVersion(db: Untyped): Promise<number> {
  const row = await db.selectFrom('schema_version').select('version').executeTakeFirst();
  return Number(row?.['version'] ?? 0);
}

async function createVersionTable(db: Untyped, engine: Engine): Promise<void> {
  const { table, int } = build(db, engine);
  await table('schema_version')
    .addColumn('version', int, (column) => column.notNull())
    .execute();
  await db.insertInto('schema_version').values({ version: 0 }).execute();
}
