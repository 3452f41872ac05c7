/** `npm start` in a small repository on a machine with nothing but Node: the real Bun, a stub for npm. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const SCRIPTS = dirname(import.meta.dir);
const LOCK = {
  packages: {
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/tool': { version: '2.0.0', dev: true },
  },
};
const parent = mkdtempSync(join(tmpdir(), 'escapement-npm-start-'));
let root = '';
let made = 0;

afterAll(() => rmSync(parent, { recursive: true, force: true }));

beforeEach(() => {
  root = join(parent, String(made++));
  cpSync(SCRIPTS, join(root, 'scripts'), { recursive: true });
  write('package-lock.json', JSON.stringify(LOCK));
  write('installed.json', JSON.stringify(LOCK));
  write(
    'src/main.ts',
    "console.log('run', ...process.argv.slice(2)); process.exit(Number(process.env['CODE'] ?? 0));",
  );
  // Records its arguments, then writes the packages and last their list, as npm does.
  const npm = `#!/bin/sh
echo "$@" >> npm-calls
[ -n "$NPM_FAILS" ] && exit 1
mkdir -p node_modules/.bin && ln -sf ${process.execPath} node_modules/.bin/bun
cp installed.json node_modules/.package-lock.json`;
  write('path/npm', npm);
  chmodSync(join(root, 'path/npm'), 0o755);
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function npmCalls(): readonly string[] {
  const file = join(root, 'npm-calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

function spawnStart(
  args: readonly string[],
  env: { [name: string]: string } = {},
  node: readonly string[] = [],
) {
  const path = `${join(root, 'path')}${delimiter}${process.env['PATH']}`;
  return Bun.spawn(['node', ...node, 'scripts/start.mjs', ...args], {
    cwd: root,
    env: { ...process.env, PATH: path, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

async function npmStart(...given: Parameters<typeof spawnStart>) {
  const child = spawnStart(...given);
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
}

test('installs what is missing, then runs with the flags given', async () => {
  const { code, out, err } = await npmStart(['--port', '9000', '--lan']);
  expect(out).toBe('run start --port 9000 --lan\n');
  expect(err).toContain('not installed yet');
  expect(code).toBe(0);
  expect(npmCalls()).toHaveLength(1);
  expect(npmCalls()[0]).toStartWith('ci ');
  expect(npmCalls()[0]).toContain('--omit=dev');
});

test('installs nothing the second time', async () => {
  await npmStart([]);
  expect((await npmStart([])).err).toBe('');
  expect(npmCalls()).toHaveLength(1);
});

test.each([
  ['an interrupted installation', () => rmSync(join(root, 'node_modules/.package-lock.json'))],
  ['a changed lock file', () => write('package-lock.json', JSON.stringify(LOCK).replace('1.0.0', '1.0.1'))],
  ['a Bun that does not run', () => rmSync(join(root, 'node_modules/.bin/bun'))],
])('installs again after %s', async (_, breakIt) => {
  await npmStart([]);
  breakIt();
  write('installed.json', readFileSync(join(root, 'package-lock.json'), 'utf8'));
  expect((await npmStart([])).code).toBe(0);
  expect(npmCalls()).toHaveLength(2);
});

test('installs no devDependencies, but updates those that a developer has installed', async () => {
  const bare = { packages: { 'node_modules/a': { version: '1.0.0' } } };
  write('installed.json', JSON.stringify(bare));
  await npmStart([]);
  expect((await npmStart([])).err).toBe('');
  write('node_modules/.package-lock.json', JSON.stringify(LOCK).replace('1.0.0', '0.9.0'));
  await npmStart([]);
  expect(npmCalls().at(-1)).toContain('--include=dev');
});

test('says what to do when npm fails, and starts nothing', async () => {
  const { code, out, err } = await npmStart([], { NPM_FAILS: 'yes' });
  expect(err).toContain('npm ci ended with code 1. Check the network');
  expect(out).toBe('');
  expect(code).toBe(1);
});

test('ends with the exit code of the program', async () => {
  expect((await npmStart([], { CODE: '4' })).code).toBe(4);
});

test('a program that ended because an engine failed is restarted, more than once', async () => {
  write(
    'src/main.ts',
    `import { existsSync, writeFileSync } from 'node:fs';
const tried = ['first', 'second'].find((name) => !existsSync(name));
console.log(tried ?? 'served');
if (tried) writeFileSync(tried, '');
process.exit(tried ? 3 : 0);`,
  );
  const { code, out } = await npmStart([]);
  expect(out).toBe('first\nsecond\nserved\n');
  expect(code).toBe(0);
});

test('a program whose engine fails for the sixth time in ten minutes is not restarted', async () => {
  const { code, out } = await npmStart([], { CODE: '3' });
  expect(out).toBe('run start\n'.repeat(6));
  expect(code).toBe(3);
});

test.each(['SIGINT', 'SIGTERM'] as const)('passes %s on and waits for the exit', async (signal) => {
  write(
    'src/main.ts',
    `process.on('${signal}', () => { console.log('bye'); process.exit(7); }); console.log('ready'); setInterval(() => {}, 1e6);`,
  );
  const child = spawnStart([]);
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill(signal);
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('bye\n');
  expect(await child.exited).toBe(7);
});

test('an old Node is reported in one sentence', async () => {
  const old = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '18.20.1' })";
  const { code, err } = await npmStart([], {}, ['--import', old]);
  expect(err.trimEnd()).toMatch(/^Escapement needs Node 20 or newer, and this is Node 18\.20\.1: [^\n]+$/);
  expect(code).toBe(1);
});
