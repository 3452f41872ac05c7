import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { failureOf } from '../../../test/support/failure.ts';
import { type TestPostgres, startPostgres, withPostgres } from '../../../test/support/processes/postgres.ts';
import { realWorld } from '../../lib/world.real.ts';
import { mainDbContract } from './main-db.contract.ts';
import { type PostgresOptions, openPostgres } from './main-db.postgres.ts';
import { order } from './queries/rows.fixture.ts';

// Creating a cluster and its databases takes seconds on a busy machine.
setDefaultTimeout(60_000);

const base = { ...realWorld, onConnectionLost: () => {} };
const open = (url: string, more: Partial<PostgresOptions> = {}) => openPostgres({ ...base, url, ...more });

withPostgres(() => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  mainDbContract('PostgreSQL', async () => ({
    create: async () => {
      const url = await postgres.createDatabase();
      return { open: (migrations) => open(url, migrations ? { migrations } : {}) };
    },
    stop: async () => {},
  }));

  describe('PostgreSQL', () => {
    test('a server whose settings may lose commits is refused; the message says what to do', async () => {
      const url = await postgres.createDatabase();
      const name = new URL(url).pathname.slice(1);
      await postgres.administer(`alter database ${name} set synchronous_commit = off`);
      const failure = await failureOf(open(url));
      expect(failure).toMatchObject({ code: 'database-unsafe' });
      expect(failure.message).toContain('set synchronous_commit = on');
      await postgres.administer(`alter database ${name} set synchronous_commit = local`);
      await (await open(url)).close();
    });

    test('a number over 53 bits is an error, never rounded', async () => {
      const db = await open(await postgres.createDatabase());
      await db.write((tx) => tx.insertInto('orders').values(order('o1')).execute());
      const big = '9007199254740993' as unknown as number;
      await db.write((tx) => tx.updateTable('orders').set({ paid_at: big }).execute());
      const failure = await failureOf(db.read.selectFrom('orders').selectAll().execute());
      expect(failure.message).toContain('over 53 bits');
      await db.close();
    });

    test('a connection lost during a write is an unknown outcome, and the next write gets a new connection', async () => {
      const db = await open(await postgres.createDatabase());
      const failure = await failureOf(
        db.write(async (tx) => {
          await tx.insertInto('orders').values(order('o1')).execute();
          await postgres.administer(
            `select pg_terminate_backend(pid) from pg_stat_activity where state like 'idle in transaction%'`,
          );
          await tx.insertInto('orders').values(order('o2')).execute();
        }),
      );
      expect(failure).toMatchObject({ code: 'database-lost' });
      await db.write((tx) => tx.insertInto('orders').values(order('o3')).execute());
      expect(await db.read.selectFrom('orders').select('id').execute()).toEqual([{ id: 'o3' }]);
      await db.close();
    });

    test('an unreachable server gives a message that names the setting', async () => {
      const failure = await failureOf(open('postgres://postgres@localhost/x?host=/nowhere'));
      expect(failure).toMatchObject({ code: 'database-unreachable' });
      expect(failure.message).toContain('ESCAPEMENT_DATABASE');
    });

    test('a server with fsync off is refused', async () => {
      const url = await postgres.createDatabase();
      const fsync = async (setting: 'on' | 'off') => {
        await postgres.administer(`alter system set fsync = ${setting}`);
        await postgres.administer('select pg_reload_conf()');
      };
      await fsync('off');
      const failure = await failureOf(open(url));
      await fsync('on');
      expect(failure).toMatchObject({ code: 'database-unsafe' });
      expect(failure.message).toContain('set fsync = on');
    });
  });
});
