/**
 * What every main database must do: the engine's promises here, those of the queries in
 * `queries/*.contract.ts`. Each adapter's test calls this with a way to make databases.
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

/** An empty database that can be opened more than once, as several processes would. */
export interface TestDatabase {
  open(migrations?: readonly Migration[]): Promise<MainDb>;
}

export interface Harness {
  create(): Promise<TestDatabase>;
  stop(): Promise<void>;
}

/** Two processes on one migrated database. */
export interface Pair {
  readonly one: MainDb;
  readonly two: MainDb;
}

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

  test('a read sees nothing of a write before it is committed, and all of it afterwards', async () => {
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

  test('a write outside a transaction is refused by the engine', async () => {
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

  test('after a statement that failed the next write works', async () => {
    await failureOf(db.write((tx) => tx.insertInto('orders').values(order('o1')).execute()));
    await db.write((tx) => tx.insertInto('orders').values(order('o3')).execute());
    expect(await db.read.selectFrom('orders').select('id').where('id', '=', 'o3').execute()).toHaveLength(1);
  });

  test('no update of many writers at once is lost', async () => {
    const raise = (from: MainDb) =>
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
    await Promise.all(Array.from({ length: 12 }, (_, index) => raise(index % 2 === 0 ? db : other)));
    const { generation } = await db.read
      .selectFrom('entitlements')
      .select('generation')
      .where('id', '=', 'counter')
      .executeTakeFirstOrThrow();
    expect(generation).toBe(12);
  });

  test('a close waits for the write under way, and later calls are refused', async () => {
    const { one, two } = await pair();
    let begun = (): void => {};
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const write = one.write(async (tx) => {
      await tx.insertInto('orders').values(order('last')).execute();
      begun();
      await tx.updateTable('orders').set({ locale: 'de' }).execute();
    });
    await underWay;
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

  test('whole numbers up to 53 bits, texts and nulls come back as they were', async () => {
    const row = await db.read.selectFrom('rooms').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      seed: 0xffff_ffff,
      created_at: Number.MAX_SAFE_INTEGER,
      options: '{"name":"Ä 😀 \\u0000"}',
      finished_at: null,
    });
  });

  test('bytes come back as plain Uint8Array, all 256 of them, and none at all', async () => {
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

  test('a text where a number belongs is refused', async () => {
    const seed = 'seven' as unknown as number;
    await failureOf(db.write((tx) => tx.updateTable('rooms').set({ seed }).execute()));
  });

  test('a row that refers to nothing is refused', async () => {
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

  test('a database is brought to the present schema once, also by two processes at once', async () => {
    const database = await create();
    await Promise.all([open(database), open(database)]);
    const db = await open(database, [...MIGRATIONS, extra]);
    await open(database, [...MIGRATIONS, extra]);
    expect((await tables(db)).rows).toEqual([]);
  });

  test('a database newer than the program is refused and left as it was', async () => {
    const database = await create();
    const newer = await open(database, [...MIGRATIONS, extra]);
    await newer.write((tx) => sql`insert into extras values (7)`.execute(tx));
    const failure = await failureOf(open(database));
    expect(failure).toBeInstanceOf(DatabaseNewer);
    expect(failure).toMatchObject({ code: 'database-newer', found: MIGRATIONS.length + 1 });
    expect((await tables(newer)).rows).toEqual([{ id: 7 }]);
    await open(database, [...MIGRATIONS, extra]);
  });

  test('of steps that fail nothing stays, not even the ones before', async () => {
    const database = await create();
    const broken: Migration = { name: 'broken', up: () => Promise.reject(new Error('half way')) };
    const failure = await failureOf(open(database, [...MIGRATIONS, extra, broken]));
    expect(failure.message).toContain('half way');
    // The step before the broken one can be taken now: its table is not there yet.
    await open(database, [...MIGRATIONS, extra]);
  });
}
