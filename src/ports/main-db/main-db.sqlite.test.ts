import { expect, test } from 'bun:test';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { failureOf } from '../../../test/support/failure.ts';
import type { MainDbError } from './errors.ts';
import { mainDbContract } from './main-db.contract.ts';
import type { Tx } from './main-db.ts';
import { openSqlite } from './main-db.sqlite.ts';
import { order } from './queries/rows.fixture.ts';

const temporary = () => mkdtemp(join(tmpdir(), 'escapement-db-'));
const onLost = (error: MainDbError) => {
  throw error;
};

mainDbContract('SQLite', async () => {
  const folder = await temporary();
  let databases = 0;
  return {
    create: async () => {
      const path = join(folder, `${++databases}.sqlite`);
      return {
        open: (migrations) => openSqlite({ path, onLost, ...(migrations ? { migrations } : {}) }),
      };
    },
    stop: () => rm(folder, { recursive: true }),
  };
});

test('a thread that ends rejects pending requests, reports it once, and refuses later requests', async () => {
  const folder = await temporary();
  const lost: MainDbError[] = [];
  const db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost: (error) => lost.push(error) });
  const reads = Array.from({ length: 20 }, () => db.read.selectFrom('orders').selectAll().execute());
  const write = db.write((tx) => tx.insertInto('orders').values(order('o1')).execute());
  const failures = [...reads, write].map(failureOf);
  // Requests are sent in microtasks; responses need a turn of the event loop.
  for (let step = 0; step < 100; step++) await Promise.resolve();
  db.crash();
  for (const failure of await Promise.all(failures)) expect(failure).toMatchObject({ code: 'database-lost' });
  expect(lost).toHaveLength(1);
  expect(await failureOf(db.read.selectFrom('orders').selectAll().execute())).toMatchObject({
    code: 'database-lost',
  });
  await db.close();
  await rm(folder, { recursive: true });
});

test('a write on a full disk is rolled back as a whole, and the next one works when there is space again', async () => {
  const folder = await temporary();
  const db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost });
  const pages = (most: number) => db.write((tx) => sql`pragma max_page_count = ${sql.lit(most)}`.execute(tx));
  const many = async (tx: Tx) => {
    for (let count = 0; count < 500; count++) {
      await tx
        .insertInto('orders')
        .values(order(`o${count}`))
        .execute();
    }
  };
  // SQLite raises a maximum below the present size to that size: the database is full now.
  await pages(1);
  expect(await failureOf(db.write((tx) => many(tx)))).toMatchObject({ code: 'SQLITE_FULL' });
  expect(await db.read.selectFrom('orders').select('id').execute()).toEqual([]);
  const ignoringTheError = db.write(async (tx) => {
    await failureOf(many(tx));
    await tx.insertInto('orders').values(order('late')).execute();
  });
  expect((await failureOf(ignoringTheError)).message).toContain('the transaction is over');
  expect(await db.read.selectFrom('orders').select('id').execute()).toEqual([]);
  await pages(1_000_000);
  await db.write((tx) => many(tx));
  expect(await db.read.selectFrom('orders').select('id').execute()).toHaveLength(500);
  await db.close();
  await rm(folder, { recursive: true });
});

test('a close checkpoints the write-ahead log and leaves one file', async () => {
  const folder = await temporary();
  const db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost });
  await db.write((tx) => tx.insertInto('orders').values(order('o1')).execute());
  await db.close();
  expect(await readdir(folder)).toEqual(['main.sqlite']);
  await rm(folder, { recursive: true });
});

test('a file that is not a database, or a missing folder, gives a message with the path', async () => {
  const folder = await temporary();
  await writeFile(join(folder, 'text.sqlite'), 'this is not a database, but it is long enough to be read');
  for (const path of [join(folder, 'text.sqlite'), join(folder, 'missing', 'main.sqlite')]) {
    const failure = await failureOf(openSqlite({ path, onLost }));
    expect(failure).toMatchObject({ code: 'database-unreachable' });
    expect(failure.message).toContain(path);
  }
  await rm(folder, { recursive: true });
});

test('a write that waits for another process does not delay reads', async () => {
  const folder = await temporary();
  const path = join(folder, 'main.sqlite');
  const [one, two] = [await openSqlite({ path, onLost }), await openSqlite({ path, onLost })];
  const end = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const first = one.write(async (tx) => {
    await tx.insertInto('orders').values(order('o1')).execute();
    locked.resolve();
    await end.promise;
  });
  await locked.promise;
  const events: string[] = [];
  const second = two
    .write((tx) => tx.insertInto('orders').values(order('o2')).execute())
    .then(() => events.push('written'));
  await two.read.selectFrom('orders').select('id').execute();
  events.push('read');
  end.resolve();
  await Promise.all([first, second]);
  expect(events).toEqual(['read', 'written']);
  await one.close();
  await two.close();
  await rm(folder, { recursive: true });
});

test('a write beyond the maximum of waiting ones is refused and does nothing', async () => {
  const folder = await temporary();
  const db = await openSqlite({ path: join(folder, 'main.sqlite'), onLost });
  const end = Promise.withResolvers<void>();
  const first = db.write(async () => end.promise);
  const outcomes = Array.from({ length: 5_001 }, () =>
    db.write(async () => 'done').catch((error: MainDbError) => error.code),
  );
  for (let step = 0; step < 100; step++) await Promise.resolve();
  end.resolve();
  await first;
  const settled = await Promise.all(outcomes);
  expect(settled.filter((each) => each === 'database-busy')).toHaveLength(1);
  expect(settled.filter((each) => each === 'done')).toHaveLength(5_000);
  await db.close();
  await rm(folder, { recursive: true });
});
