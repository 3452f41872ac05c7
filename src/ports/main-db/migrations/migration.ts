/** What a migration is, and the column types that mean the same on both engines. */
import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';

export type Engine = 'sqlite' | 'postgres';

/**
 * One step of the schema. It runs once, inside a transaction together with every other step that is
 * due, and never changes after it was released: what it got wrong, a later step mends.
 */
export interface Migration {
  readonly name: string;
  up(build: Build): Promise<void>;
}

/** A database without known tables: a migration must not depend on the schema of today. */
export type Untyped = Kysely<Record<string, Record<string, unknown>>>;

export interface Build {
  readonly db: Untyped;
  readonly engine: Engine;
  /** 53-bit integer. */
  readonly int: 'integer' | 'bigint';
  readonly blob: 'blob' | 'bytea';
  /** Makes an integer column the table's own counting key. */
  autoId(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
  /** `create table`; on SQLite STRICT, so that it refuses what PostgreSQL refuses. */
  table(name: string): ReturnType<Untyped['schema']['createTable']>;
}

export function build(db: Untyped, engine: Engine): Build {
  const sqlite = engine === 'sqlite';
  return {
    db,
    engine,
    int: sqlite ? 'integer' : 'bigint',
    blob: sqlite ? 'blob' : 'bytea',
    // AUTOINCREMENT: a job's id is never used again, not even after the newest row was deleted.
    autoId: (column) =>
      sqlite ? column.primaryKey().autoIncrement() : column.primaryKey().generatedByDefaultAsIdentity(),
    table: (name) =>
      sqlite ? db.schema.createTable(name).modifyEnd(sql`strict`) : db.schema.createTable(name),
  };
}
