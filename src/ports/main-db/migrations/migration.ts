/** The type of a migration, and column types with the same meaning on both engines. */
import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';

export type Engine = 'sqlite' | 'postgres';

/**
 * One step of the schema. It runs once, in one transaction with all other pending migrations, and must not be changed
 * after it was released: mistakes are corrected by a later migration.
 */
export interface Migration {
  readonly name: string;
  up(build: Build): Promise<void>;
}

/** A database without typed tables: a migration must not depend on the current schema. */
export type Untyped = Kysely<Record<string, Record<string, unknown>>>;

export interface Build {
  readonly db: Untyped;
  readonly engine: Engine;
  /** 53-bit integer. */
  readonly int: 'integer' | 'bigint';
  readonly blob: 'blob' | 'bytea';
  /** Makes an integer column an auto-increment primary key. */
  autoId(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
  /** `create table`; STRICT on SQLite, so that it rejects values of a wrong type as PostgreSQL does. */
  table(name: string): ReturnType<Untyped['schema']['createTable']>;
}

export function build(db: Untyped, engine: Engine): Build {
  const sqlite = engine === 'sqlite';
  return {
    db,
    engine,
    int: sqlite ? 'integer' : 'bigint',
    blob: sqlite ? 'blob' : 'bytea',
    // AUTOINCREMENT: ids are never reused, not even after the newest row was deleted.
    autoId: (column) =>
      sqlite ? column.primaryKey().autoIncrement() : column.primaryKey().generatedByDefaultAsIdentity(),
    table: (name) =>
      sqlite ? db.schema.createTable(name).modifyEnd(sql`strict`) : db.schema.createTable(name),
  };
}
