/**
 * Everything that can be wrong when the program is started: one clear sentence with a stable code, the
 * right exit code, and nothing damaged; through the real command line.
 */
import { Database } from 'bun:sqlite';
import { afterEach, describe, expect, test } from 'bun:test';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Ended,
  escapement,
  fingerprint,
  ROOT,
  type Started,
  startEscapement,
  temporaryFolder,
} from '../support/processes/command-line.ts';

const START_MS_MAX = 30_000;
const isRoot = process.getuid?.() === 0;
const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function dataFolder(): string {
  const folder = temporaryFolder('start');
  undo.push(() => folder.remove());
  return join(folder.path, 'data');
}

async function started(dir: string, ...args: string[]): Promise<Started> {
  const running = await startEscapement(['--port', '0', '--data-dir', dir, ...args]);
  undo.push(() => running.end('SIGKILL'));
  return running;
}

/** Expects one line on standard error that ends with the code, and nothing on standard output. */
function expectRefusal(ended: Ended, code: string, exit: 1 | 2, ...words: string[]): void {
  expect(ended.err.trimEnd()).toMatch(/^[^\n]+\.[^\n]* \[[a-z-]+\]$/);
  expect(ended.err).toContain(`[${code}]`);
  for (const word of words) expect(ended.err).toContain(word);
  expect(ended.out).toBe('');
  expect(ended.code).toBe(exit);
}

describe('a wrong command', () => {
  test.each([
    ['unknown-command', ['strat'], 'strat'],
    ['unknown-service', ['start', 'wbe'], 'web'],
    ['unknown-flag', ['start', '--prot', '1'], '--port'],
    ['flag-twice', ['start', '--lan', '--lan'], '--lan'],
    ['flag-without-value', ['start', '--port'], '65535'],
    ['bad-value', ['start', '--port', 'high'], '"high"'],
    ['unexpected-argument', ['config', 'prot'], 'prot'],
  ] as const)('is refused with %s', async (code, args, word) => {
    expectRefusal(await escapement(args), code, 2, word);
  });

  test('a mistyped variable is refused, so that it cannot mean the default', async () => {
    const ended = await escapement(['start'], { env: { ESCAPEMENT_DATADIR: '/elsewhere' } });
    expectRefusal(ended, 'unknown-variable', 2, 'ESCAPEMENT_DATA_DIR');
  });
});

describe('the data folder', () => {
  test('in use by another process is refused and not changed', async () => {
    const dir = dataFolder();
    mkdirSync(dir);
    const holder = Bun.spawn(
      [
        process.execPath,
        '-e',
        `const { lockFile } = await import(${JSON.stringify(join(ROOT, 'src/lib/lock.real.ts'))});
         lockFile(${JSON.stringify(join(dir, 'lock'))}); console.log('held'); process.stdin.resume();`,
      ],
      { stdin: 'pipe', stdout: 'pipe' },
    );
    undo.push(() => (holder.kill('SIGKILL'), holder.exited));
    await holder.stdout.getReader().read();
    expectRefusal(await escapement(['start', '--data-dir', dir]), 'data-dir-in-use', 1, dir);
    expect(readdirSync(dir)).toEqual(['lock']);
  });

  test('that is a file is refused', async () => {
    const dir = dataFolder();
    writeFileSync(dir, 'a letter');
    expectRefusal(await escapement(['start', '--data-dir', dir]), 'data-dir-denied', 1, dir);
    expect(readFileSync(dir, 'utf8')).toBe('a letter');
  });

  test('that cannot be written is refused', async () => {
    const dir = dataFolder();
    mkdirSync(dir);
    chmodSync(dir, 0o555);
    // Root may write everywhere except where the kernel refuses it.
    const refused = isRoot ? '/sys/escapement' : dir;
    expectRefusal(await escapement(['start', '--data-dir', refused]), 'data-dir-denied', 1, refused);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('on a full disk is not changed', async () => {
    const dir = dataFolder();
    mkdirSync(dir);
    if (mountSmall(dir)) expectRefusal(await escapement(['start', '--data-dir', dir]), 'disk-full', 1, dir);
    const limited = await escapement(['start', '--data-dir', dir], { before: FILE_SIZE_LIMIT });
    expectRefusal(limited, 'disk-full', 1, dir);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('with damaged keys is refused, and the keys are not replaced', async () => {
    const dir = dataFolder();
    mkdirSync(dir);
    writeFileSync(join(dir, 'keys.json'), '{"format":1');
    expectRefusal(await escapement(['start', '--data-dir', dir]), 'keys-unreadable', 1, 'keys.json');
    expect(readFileSync(join(dir, 'keys.json'), 'utf8')).toBe('{"format":1');
  });
});

/** Replaces a full disk where nothing may be mounted: no file may grow beyond 64 KB. */
const FILE_SIZE_LIMIT = ['sh', '-c', 'trap \'\' XFSZ; ulimit -f 64; exec "$@"', 'sh'];

/** Mounts a disk of 256 KB; returns false where mounting is not allowed. */
function mountSmall(dir: string): boolean {
  if (!isRoot) return false;
  const mounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir]).success;
  if (mounted) undo.push(() => Bun.spawnSync(['umount', dir]));
  return mounted;
}

describe('under a public https address', () => {
  test('the test provider is refused', async () => {
    const dir = dataFolder();
    const ended = await escapement(['start', '--data-dir', dir, '--url', 'https://play.example.org']);
    expectRefusal(ended, 'test-till-public', 1, '--demo');
    expect(existsSync(dir)).toBe(false);
  });

  test('the outbox is refused', async () => {
    const args = ['start', 'mailer', '--data-dir', dataFolder(), '--url', 'https://play.example.org'];
    expectRefusal(await escapement(args), 'outbox-public', 1, 'ESCAPEMENT_SMTP');
  });

  test(
    'both are allowed with --demo',
    async () => {
      const { addresses } = await started(dataFolder(), '--url', 'https://play.example.org', '--demo');
      expect(addresses['Shop']).toStartWith('https://play.example.org/');
    },
    START_MS_MAX,
  );
});

describe('faults that appear only while starting', () => {
  test(
    'a port in use',
    async () => {
      const other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('mine') });
      undo.push(() => other.stop(true));
      const port = String(other.port);
      expectRefusal(
        await escapement(['start', '--port', port, '--data-dir', dataFolder()]),
        'port-in-use',
        1,
        port,
      );
      expect(await (await fetch(other.url)).text()).toBe('mine');
    },
    START_MS_MAX,
  );

  test(
    'a database newer than the program is refused and not changed',
    async () => {
      const dir = dataFolder();
      expect(await (await started(dir)).end('SIGTERM')).toBe(0);
      setSchemaVersion(dir, 9999);
      const before = fingerprint(dir);
      expectRefusal(
        await escapement(['start', '--port', '0', '--data-dir', dir]),
        'database-newer',
        1,
        '9999',
      );
      expect(fingerprint(dir)).toEqual(before);
    },
    START_MS_MAX,
  );

  test(
    'a database that cannot be reached',
    async () => {
      const env = { ESCAPEMENT_DATABASE: 'postgres://nobody:secret@127.0.0.1:1/none' };
      const ended = await escapement(['start', '--port', '0', '--data-dir', dataFolder()], { env });
      expectRefusal(ended, 'database-unreachable', 1);
      expect(ended.err).not.toContain('secret');
    },
    START_MS_MAX,
  );

  test(
    'a studio without settings',
    async () => {
      const empty = dataFolder();
      mkdirSync(empty);
      const args = ['start', '--port', '0', '--data-dir', dataFolder(), '--studio-dir', empty];
      expectRefusal(await escapement(args), 'studio-invalid', 1, 'studio.yaml');
    },
    START_MS_MAX,
  );
});

function setSchemaVersion(dir: string, version: number): void {
  const [file] = [...new Bun.Glob('**/*.{sqlite,sqlite3,db}').scanSync({ cwd: dir, absolute: true })];
  if (file === undefined) throw new Error(`no database in ${readdirSync(dir).join(', ')}`);
  const database = new Database(file);
  database.run('UPDATE schema_version SET version = ?', [version]);
  database.run('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

describe('a good start', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'prints the addresses and stops gracefully on %s',
    async (signal) => {
      const { addresses, end } = await started(dataFolder());
      expect(Object.keys(addresses)).toEqual(['Shop', 'Free game', 'Admin', 'Mail outbox', 'Status']);
      const shop = await fetch(addresses['Shop'] ?? '');
      expect(shop.status).toBe(200);
      const admin = await fetch(addresses['Admin'] ?? '');
      expect(admin.status).toBe(200);
      expect(await end(signal)).toBe(0);
    },
    START_MS_MAX,
  );

  test(
    'frees the data folder and keeps what was in it',
    async () => {
      const dir = dataFolder();
      const first = await started(dir);
      const keys = readFileSync(join(dir, 'keys.json'), 'utf8');
      const second = await escapement(['start', '--port', '0', '--data-dir', dir]);
      expectRefusal(second, 'data-dir-in-use', 1, dir);
      await first.end('SIGKILL');
      const again = await started(dir);
      expect(readFileSync(join(dir, 'keys.json'), 'utf8')).toBe(keys);
      expect(again.addresses['Admin']?.split('?')[1]).toBe(first.addresses['Admin']?.split('?')[1]);
    },
    START_MS_MAX,
  );
});
