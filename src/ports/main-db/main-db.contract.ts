/**
 * The contract of every main database: the engine's part here, that of the queries in
 * `queries/*.contract.ts`. Each adapter's test calls it with a factory of databases.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { failureOf } from '../../../test/support/failure.ts';
import { DatabaseNewer } from './errors.ts';
import type { MainDb } from './main-db.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { archiveContract } from './queries/archive.contract.ts';
import { directoryContract } from './queries/directory.contract.ts';
import { playContract } from './queries/play.contract.ts';
import { salesContract } from './queries/sales.contract.ts';
import { entitlement, order } from './queries/rows.fixture.ts';
import type { Harness, Pair, TestDatabase } from './test-database.fixture.ts';

export function mainDbContract(name: string, start: () => Promise<Harness>): void {
  describe(`main database contract: ${name}`, () => {
    let harness: Harness;
    const opened: MainDb[] = [];
    beforeAll(async () => {
      harness = await start();
    });
    afterAll(async () => {
      for (const db of opened) await db.close();
      await harness.stop();
    });
    const open = async (database: TestDatabase, migrations?: readonly Migration[]) => {
      const db = await database.open(migrations);
      opened.push(db);
      return db;
    };
    const pair = async (): Promise<Pair> => {
      const database = await harness.create();
      return { one: await open(database), two: await open(database) };
    };

    describe('transactions', () => transactions(pair));
    describe('values', () => values(pair));
    describe('migrations', () => migrating(() => harness.create(), open));
    describe('sales', () => salesContract(pair));
    describe('play', () => playContract(pair));
    describe('archive', () => archiveContract(pair));
    describe('directory', () => directoryContract(pair));
  });
}

function transactions(pair: () => Promise<Pair>): void {
  let db: MainDb;
  let other: MainDb;
  beforeAll(async () => {
    ({ one: db, two: other } = await pair());
  });

  test('a write is all or nothing', async () => {
    const failure = await failureOf(
      db.write(async (tx) => {
        await tx.insertInto('orders').values(order('gone')).execute();
        throw new Error('no');
      }),
    );
    expect(failure.message).toBe('no');
    expect(await db.read.selectFrom('orders').select('id').execute()).toEqual([]);
  });

  test('a read sees nothing of a write before its commit, and all of it afterwards', async () => {
    const count = (from: MainDb) => from.read.selectFrom('orders').select('id').execute();
    await db.write(async (tx) => {
      await tx.insertInto('orders').values(order('o1')).execute();
      expect(await tx.selectFrom('orders').select('id').execute()).toHaveLength(1);
      expect(await count(db)).toHaveLength(0);
      expect(await count(other)).toHaveLength(0);
    });
    expect(await count(db)).toHaveLength(1);
    expect(await count(other)).toHaveLength(1);
  });

  test('the engine refuses a write outside a transaction', async () => {
    const refused = /readonly|read-only/;
    for (const attempt of [
      () => db.read.insertInto('orders').values(order('o2')).execute(),
      () => db.read.updateTable('orders').set({ locale: 'de' }).execute(),
      () => db.read.deleteFrom('orders').execute(),
    ]) {
      expect((await failureOf(attempt())).message).toMatch(refused);
    }
    expect(await db.read.selectFrom('orders').select(['id', 'locale']).execute()).toEqual([
      { id: 'o1', locale: 'en' },
    ]);
  });

  test('after a failed statement the next write works', async () => {
    await failureOf(db.write((tx) => tx.insertInto('orders').values(order('o1')).execute()));
    await db.write((tx) => tx.insertInto('orders').values(order('o3')).execute());
    expect(await db.read.selectFrom('orders').select('id').where('id', '=', 'o3').execute()).toHaveLength(1);
  });

  test('no update of concurrent writers is lost', async () => {
    const increment = (from: MainDb) =>
      from.write(async (tx) => {
        const { generation } = await tx
          .selectFrom('entitlements')
          .select('generation')
          .where('id', '=', 'counter')
          .executeTakeFirstOrThrow();
        await tx
          .updateTable('entitlements')
          .set({ generation: generation + 1 })
          .where('id', '=', 'counter')
          .execute();
      });
    await db.write((tx) => tx.insertInto('entitlements').values(entitlement('counter')).execute());
    await Promise.all(Array.from({ length: 12 }, (_, index) => increment(index % 2 === 0 ? db : other)));
    const { generation } = await db.read
      .selectFrom('entitlements')
      .select('generation')
      .where('id', '=', 'counter')
      .executeTakeFirstOrThrow();
    expect(generation).toBe(12);
  });

  test('a close waits for the running write, and later calls are refused', async () => {
    const { one, two } = await pair();
    const begun = Promise.withResolvers<void>();
    const write = one.write(async (tx) => {
      await tx.insertInto('orders').values(order('last')).execute();
      begun.resolve();
      await tx.updateTable('orders').set({ locale: 'de' }).execute();
    });
    await begun.promise;
    await Promise.all([write, one.close()]);
    expect(await two.read.selectFrom('orders').select('locale').execute()).toEqual([{ locale: 'de' }]);
    await failureOf(one.read.selectFrom('orders').select('id').execute());
    await failureOf(one.write((tx) => tx.deleteFrom('orders').execute()));
    await one.close();
  });
}

function values(pair: () => Promise<Pair>): void {
  let db: MainDb;
  beforeAll(async () => {
    ({ one: db } = await pair());
    await db.write(async (tx) => {
      await tx.insertInto('entitlements').values(entitlement('e')).execute();
      await tx
        .insertInto('rooms')
        .values({
          id: 'r',
          entitlement: 'e',
          game: 'g',
          rules_hash: 'h',
          seed: 0xffff_ffff,
          locale: 'de',
          options: '{"name":"Ä 😀 \\u0000"}',
          region: 'local',
          log: 'journal',
          created_at: Number.MAX_SAFE_INTEGER,
          started_at: 0,
          archived_upto: 0,
          archived_epoch: 0,
          archived_ms: 0,
          finished_at: null,
          end_token: 't',
          quarantined: null,
        })
        .execute();
    });
  });

  test('integers up to 53 bits, texts and nulls are read as they were written', async () => {
    const row = await db.read.selectFrom('rooms').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      seed: 0xffff_ffff,
      created_at: Number.MAX_SAFE_INTEGER,
      options: '{"name":"Ä 😀 \\u0000"}',
      finished_at: null,
    });
  });

  test('bytes are read as plain Uint8Array: all 256 values, and an empty array', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const part = new Uint8Array(all.buffer, 10, 5);
    const chunks = [all, new Uint8Array(0), part].map((deflated, index) => ({
      room: 'r',
      first_seq: index + 1,
      last_seq: index + 1,
      raw_bytes: deflated.length,
      deflated,
      crc: 0xffff_ffff,
    }));
    await db.write((tx) => tx.insertInto('chunks').values(chunks).execute());
    const rows = await db.read.selectFrom('chunks').selectAll().orderBy('last_seq').execute();
    expect(rows).toEqual(chunks);
    expect(rows.map((row) => row.deflated.constructor)).toEqual([Uint8Array, Uint8Array, Uint8Array]);
  });

  test('a text in a number column is refused', async () => {
    const seed = 'seven' as unknown as number;
    await failureOf(db.write((tx) => tx.updateTable('rooms').set({ seed }).execute()));
  });

  test('a row whose foreign key matches nothing is refused', async () => {
    await failureOf(
      db.write((tx) =>
        tx.insertInto('room_epochs').values({ room: 'nowhere', epoch: 1, first_seq: 1 }).execute(),
      ),
    );
  });
}

function migrating(
  create: () => Promise<TestDatabase>,
  open: (database: TestDatabase, migrations?: readonly Migration[]) => Promise<MainDb>,
): void {
  const extra: Migration = {
    name: 'one more',
    up: ({ table, int }) => table('extras').addColumn('id', int).execute(),
  };
  const tables = (db: MainDb) => sql`select * from extras`.execute(db.read);

  test('a database is migrated once, also when two processes open it at once', async () => {
    const database = await create();
    await Promise.all([open(database), open(database)]);
    const db = await open(database, [...MIGRATIONS, extra]);
    await open(database, [...MIGRATIONS, extra]);
    expect((await tables(db)).rows).toEqual([]);
  });

  test('a database newer than the program is refused and not changed', async () => {
    const database = await create();
    const newer = await open(database, [...MIGRATIONS, extra]);
    await newer.write((tx) => sql`insert into extras values (7)`.execute(tx));
    const failure = await failureOf(open(database));
    expect(failure).toBeInstanceOf(DatabaseNewer);
    expect(failure).toMatchObject({ code: 'database-newer', found: MIGRATIONS.length + 1 });
    expect((await tables(newer)).rows).toEqual([{ id: 7 }]);
    await open(database, [...MIGRATIONS, extra]);
  });

  test('when one migration fails, all migrations of that start are rolled back', async () => {
    const database = await create();
    const broken: Migration = { name: 'broken', up: () => Promise.reject(new Error('failed half-way')) };
    const failure = await failureOf(open(database, [...MIGRATIONS, extra, broken]));
    expect(failure.message).toContain('failed half-way');
    // The migration before the broken one was rolled back: it can run again.
    await open(database, [...MIGRATIONS, extra]);
  });
}
