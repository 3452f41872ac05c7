/** All migrations, oldest first. Append only: the schema's version is the number of migrations. */
import type { Migration } from './migration.ts';
import { first } from './0001-first-tables.ts';

export const MIGRATIONS: readonly Migration[] = [first];
