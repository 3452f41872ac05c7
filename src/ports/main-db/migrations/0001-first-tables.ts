/** The tables of the first release: releases and sales, rooms with their archive, jobs, reports. */
import { type ColumnDefinitionBuilder, sql } from 'kysely';
import type { Build, Migration } from './migration.ts';

export const first: Migration = {
  name: 'first tables',
  async up(build) {
    await releases(build);
    await sales(build);
    await rooms(build);
    await directory(build);
    await archive(build);
    await work(build);
  },
};

const required = (column: ColumnDefinitionBuilder) => column.notNull();
const roomsPart = (column: ColumnDefinitionBuilder) =>
  column.notNull().references('rooms.id').onDelete('cascade');

async function releases({ db, table, int }: Build): Promise<void> {
  await table('releases')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('game', 'text', required)
    .addColumn('rules_hash', 'text', required)
    .addColumn('api', int, required)
    .addColumn('manifest', 'text', required)
    .addColumn('is_current', int, required)
    .addColumn('published_at', int, required)
    .execute();
  await db.schema
    .createIndex('releases_one_current')
    .unique()
    .on('releases')
    .column('game')
    .where(sql.ref('is_current'), '=', 1)
    .execute();
  await db.schema
    .createIndex('releases_by_rules')
    .on('releases')
    .columns(['game', 'rules_hash', 'published_at'])
    .execute();
}

async function sales({ db, table, int }: Build): Promise<void> {
  await table('orders')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('state', 'text', required)
    .addColumn('secret_hash', 'text', (column) => column.notNull().unique())
    .addColumn('email', 'text', required)
    .addColumn('locale', 'text', required)
    .addColumn('currency', 'text', required)
    .addColumn('provider', 'text', required)
    .addColumn('session_id', 'text')
    .addColumn('created_at', int, required)
    .addColumn('paid_at', int)
    .addUniqueConstraint('orders_session', ['provider', 'session_id'])
    .execute();
  await db.schema.createIndex('orders_by_email').on('orders').column('email').execute();
  await db.schema.createIndex('orders_by_time').on('orders').columns(['created_at', 'id']).execute();
  await table('order_lines')
    .addColumn('order_id', 'text', (column) => column.notNull().references('orders.id'))
    .addColumn('line', int, required)
    .addColumn('game', 'text', required)
    .addColumn('title', 'text', required)
    .addColumn('quantity', int, required)
    .addColumn('net_minor', int, required)
    .addColumn('tax_minor', int, required)
    .addColumn('gross_minor', int, required)
    .addColumn('tax_rate', int, required)
    .addPrimaryKeyConstraint('order_lines_key', ['order_id', 'line'])
    .addCheckConstraint('order_lines_sum', sql`net_minor + tax_minor = gross_minor`)
    .execute();
  // No foreign key: an event is recorded even if its order is unknown.
  await table('payment_events')
    .addColumn('provider', 'text', required)
    .addColumn('event_id', 'text', required)
    .addColumn('order_id', 'text', required)
    .addColumn('state', 'text', required)
    .addColumn('received_at', int, required)
    .addPrimaryKeyConstraint('payment_events_key', ['provider', 'event_id'])
    .execute();
  await db.schema.createIndex('payment_events_by_order').on('payment_events').column('order_id').execute();
}

async function rooms({ db, table, int }: Build): Promise<void> {
  await table('entitlements')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('order_id', 'text', (column) => column.references('orders.id'))
    .addColumn('game', 'text', required)
    .addColumn('kind', 'text', required)
    .addColumn('secret_hash', 'text', (column) => column.notNull().unique())
    .addColumn('secret_sealed', 'text', required)
    .addColumn('generation', int, required)
    .addColumn('room', 'text', (column) => column.unique())
    .addColumn('created_at', int, required)
    .addColumn('first_played_at', int)
    .execute();
  await db.schema.createIndex('entitlements_by_order').on('entitlements').column('order_id').execute();
  await table('rooms')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('entitlement', 'text', (column) => column.notNull().references('entitlements.id'))
    .addColumn('game', 'text', required)
    .addColumn('rules_hash', 'text', required)
    .addColumn('seed', int, required)
    .addColumn('locale', 'text', required)
    .addColumn('options', 'text', required)
    .addColumn('region', 'text', required)
    .addColumn('log', 'text', required)
    .addColumn('created_at', int, required)
    .addColumn('started_at', int, required)
    .addColumn('archived_upto', int, required)
    .addColumn('archived_epoch', int, required)
    .addColumn('archived_ms', int, required)
    .addColumn('finished_at', int)
    .addColumn('end_token', 'text', (column) => column.notNull().unique())
    .addColumn('quarantined', 'text')
    .execute();
  await db.schema.createIndex('rooms_by_entitlement').on('rooms').column('entitlement').execute();
  await table('seats')
    .addColumn('entitlement', 'text', (column) =>
      column.notNull().references('entitlements.id').onDelete('cascade'),
    )
    .addColumn('seat', int, required)
    .addColumn('name', 'text', required)
    .addColumn('colour', 'text', required)
    .addColumn('device_hash', 'text', required)
    .addColumn('generation', int, required)
    .addColumn('ready', int, required)
    .addColumn('taken_at', int, required)
    .addPrimaryKeyConstraint('seats_key', ['entitlement', 'seat'])
    .addUniqueConstraint('seats_one_per_device', ['entitlement', 'device_hash'])
    .execute();
}

async function directory({ db, table, int }: Build): Promise<void> {
  await table('hosts')
    .addColumn('slot', 'text', (column) => column.primaryKey().notNull())
    .addColumn('boot_id', 'text', required)
    .addColumn('version', 'text', required)
    .addColumn('region', 'text', required)
    .addColumn('state', 'text', required)
    .addColumn('load', int, required)
    .addColumn('lease_until', int, required)
    .execute();
  await table('room_owners')
    .addColumn('room', 'text', (column) => roomsPart(column).primaryKey())
    .addColumn('slot', 'text', required)
    .addColumn('boot_id', 'text', required)
    .addColumn('epoch', int, required)
    .execute();
  await db.schema.createIndex('room_owners_by_slot').on('room_owners').column('slot').execute();
}

async function archive({ table, int, blob }: Build): Promise<void> {
  // The key is the last seq, so that "everything after s" is one range of it.
  await table('chunks')
    .addColumn('room', 'text', roomsPart)
    .addColumn('first_seq', int, required)
    .addColumn('last_seq', int, required)
    .addColumn('raw_bytes', int, required)
    .addColumn('deflated', blob, required)
    .addColumn('crc', int, required)
    .addPrimaryKeyConstraint('chunks_key', ['room', 'last_seq'])
    .addUniqueConstraint('chunks_begin_once', ['room', 'first_seq'])
    .addCheckConstraint('chunks_in_order', sql`first_seq >= 1 and first_seq <= last_seq`)
    .execute();
  await table('room_epochs')
    .addColumn('room', 'text', roomsPart)
    .addColumn('epoch', int, required)
    .addColumn('first_seq', int, required)
    .addPrimaryKeyConstraint('room_epochs_key', ['room', 'epoch'])
    .execute();
  await table('room_clients')
    .addColumn('room', 'text', roomsPart)
    .addColumn('number', int, required)
    .addColumn('client_id', blob, required)
    .addColumn('seat', int, required)
    .addColumn('last_seq', int, required)
    .addPrimaryKeyConstraint('room_clients_key', ['room', 'number'])
    .execute();
}

async function work({ db, table, int, autoId }: Build): Promise<void> {
  await table('results')
    .addColumn('room', 'text', (column) => roomsPart(column).primaryKey())
    .addColumn('game', 'text', required)
    .addColumn('rules_hash', 'text', required)
    .addColumn('finished', int, required)
    .addColumn('duration_ms', int, required)
    .addColumn('hints', int, required)
    .addColumn('players', int, required)
    .addColumn('detail', 'text', required)
    .addColumn('computed_at', int, required)
    .execute();
  await db.schema
    .createIndex('results_to_compare')
    .on('results')
    .columns(['game', 'rules_hash', 'finished', 'duration_ms'])
    .execute();
  await table('jobs')
    .addColumn('id', int, autoId)
    .addColumn('kind', 'text', required)
    .addColumn('key', 'text', required)
    .addColumn('payload', 'text', required)
    .addColumn('state', 'text', required)
    .addColumn('run_at', int, required)
    .addColumn('attempts', int, required)
    .addColumn('max_attempts', int, required)
    .addColumn('lease_token', 'text')
    .addColumn('lease_until', int, required)
    .addColumn('last_error', 'text')
    .addColumn('created_at', int, required)
    .addUniqueConstraint('jobs_once', ['kind', 'key'])
    .execute();
  await db.schema.createIndex('jobs_due').on('jobs').columns(['kind', 'state', 'run_at']).execute();
  await table('client_reports')
    .addColumn('id', int, autoId)
    .addColumn('room', 'text', required)
    .addColumn('release', 'text', required)
    .addColumn('kind', 'text', required)
    .addColumn('detail', 'text', required)
    .addColumn('reported_at', int, required)
    .execute();
  await db.schema.createIndex('client_reports_by_time').on('client_reports').column('reported_at').execute();
}
