/**
 * A private PostgreSQL for tests: a cluster in a temporary folder, reached over a unix socket, without a
 * network port, deleted afterwards. Uses Debian's package; PostgreSQL refuses to run as root, so under root it
 * runs as another user.
 */
import { test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

export interface TestPostgres {
  /** Creates an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /** Runs a statement as the superuser. */
  administer(sql: string): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 60_000;

/** The folder that contains `initdb` and `postgres`; null = not installed. */
export function postgresBinaries(): string | null {
  const folders = [
    ...globSync('/usr/lib/postgresql/*/bin').sort().toReversed(),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return (
    folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name)))) ?? null
  );
}

/** Defines `tests` if PostgreSQL is installed; else one test that is skipped, or fails with CI=true. */
export function withPostgres(tests: () => void): void {
  if (postgresBinaries() !== null) {
    tests();
    return;
  }
  test.skipIf(process.env['CI'] !== 'true')('PostgreSQL is not installed: apt-get install postgresql', () => {
    throw new Error('PostgreSQL is needed when CI=true: apt-get install postgresql');
  });
}

/** `settings` override the defaults of postgresql.conf: `{ synchronous_commit: 'off' }`. */
export async function startPostgres(
  settings: { readonly [name: string]: string } = {},
): Promise<TestPostgres> {
  const binaries = postgresBinaries();
  if (binaries === null) throw new Error('PostgreSQL is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'escapement-pg-'));
  const user = process.getuid?.() === 0 ? otherUser() : null;
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  // --no-sync applies to the creation of the cluster only: the server below runs with fsync on.
  run([
    ...asUser(user),
    join(binaries, 'initdb'),
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-sync',
    '--no-locale',
  ]);
  const options = Object.entries({ listen_addresses: '', unix_socket_directories: folder, ...settings });
  const server = Bun.spawn(
    [
      ...asUser(user),
      join(binaries, 'postgres'),
      '-D',
      data,
      ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { stdout: 'ignore', stderr: Bun.file(join(folder, 'log')), cwd: '/' },
  );
  const url = (database: string) => `postgres://postgres@localhost/${database}?host=${folder}`;
  const administer = (sql: string) => withClient(url('postgres'), (client) => client.query(sql));
  await ready(url('postgres'), server, join(folder, 'log'));

  let databases = 0;
  return {
    async createDatabase() {
      const name = `test${++databases}`;
      await administer(`create database ${name}`);
      return url(name);
    },
    administer,
    async stop() {
      server.kill('SIGINT');
      await server.exited;
      await rm(folder, { recursive: true });
    },
  };
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

function otherUser(): User {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, name]).stdout.toString()));
    if (uid && gid) return { uid, gid };
  }
  throw new Error('no user to run PostgreSQL as');
}

function asUser(user: User | null): string[] {
  if (!user) return [];
  // pdeathsig: the server ends when the test run is killed.
  return ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig=INT'];
}

function run(command: readonly string[]): void {
  const [program = '', ...rest] = command;
  const { status, stderr } = spawnSync(program, rest, { cwd: '/' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr.toString()}`);
}

async function ready(url: string, server: Bun.Subprocess, log: string): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      await withClient(url, (client) => client.query('select 1'));
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > until) {
        throw new Error(`PostgreSQL did not start: ${await readFile(log, 'utf8')}`, { cause: error });
      }
      await Bun.sleep(20);
    }
  }
}

async function withClient(url: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
