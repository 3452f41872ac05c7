/** All migrations, oldest first. Append only: the place in the list is the schema's number. */
import type { Migration } from './migration.ts';
import { first } from './0001-first-tables.ts';

export const MIGRATIONS: readonly Migration[] = [first];
