/** `npm test` in a small repository with the real Bun and stubs for the other tools. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Form, STEPS, stepsOf } from './steps.mjs';

const SCRIPTS = dirname(import.meta.dir);
const TOOLS = ['oxfmt', 'oxlint', 'tsc', 'knip'];
const parent = mkdtempSync(join(tmpdir(), 'escapement-runner-'));
let root = '';
let made = 0;

afterAll(() => rmSync(parent, { recursive: true, force: true }));

beforeEach(() => {
  root = join(parent, String(made++));
  const filter = (path: string) => !path.endsWith('.test.ts');
  cpSync(SCRIPTS, join(root, 'scripts'), { recursive: true, filter });
  write('package-lock.json', '{"packages":{}}');
  write('node_modules/.package-lock.json', '{"packages":{}}');
  for (const tool of TOOLS) writeTool(tool, 'exit 0');
  symlinkSync(process.execPath, join(root, 'node_modules/.bin/bun'));
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function writeTool(name: string, script: string): void {
  const path = `node_modules/.bin/${name}`;
  write(path, `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, path), 0o755);
}

const testFile = (body: string) => `import { expect, test } from 'bun:test';\n${body}\n`;
const PASS = "test('a', () => { expect(1).toBe(1); });";
const FAIL = "test('b', () => { expect(1).toBe(2); });";
const SKIP = "test.skipIf(true)('c', () => {});";

async function npmTest(steps: readonly string[], env: { [name: string]: string } = {}) {
  const child = Bun.spawn(['node', 'scripts/test.mjs', ...steps], {
    cwd: root,
    env: { ...process.env, CI: '', ESCAPEMENT_TEST_NO_INSTALL: '1', ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err, last: out.trimEnd().split('\n').at(-1) };
}

test('counts each check once and every test, and ends with one line', async () => {
  write('src/a.test.ts', testFile(PASS + SKIP));
  write('sdk/b.test.ts', testFile(PASS));
  const { code, last } = await npmTest(['format', 'types', 'unit']);
  expect(last).toBe('4 passed, 0 failed, 1 skipped');
  expect(code).toBe(0);
});

test('goes on after a failure, shows its output, and fails', async () => {
  writeTool('oxlint', 'echo planted lint trouble; exit 1');
  write('src/a.test.ts', testFile(PASS + FAIL));
  write('test/faults/a.test.ts', testFile(PASS));
  const { code, out, last } = await npmTest(['lint', 'unit', 'faults']);
  expect(out).toContain('planted lint trouble');
  expect(out).toContain('Expected: 2');
  expect(last).toBe('2 passed, 2 failed, 0 skipped');
  expect(code).toBe(1);
});

test('a step without tests has not passed, and a run without tests fails', async () => {
  const { code, out, last } = await npmTest(['unit', 'simulation']);
  expect(out).toContain('simulation     no tests');
  expect(last).toBe('0 passed, 0 failed, 0 skipped');
  expect(code).toBe(1);
});

test.each([
  ['an error outside of any test', "throw new Error('at load');"],
  ['a process that ends itself', 'process.exit(0);'],
  ['a process that is killed', "process.kill(process.pid, 'SIGKILL');"],
  ['an unhandled rejection', "test('d', () => { void Promise.reject(new Error('lost')); });"],
])('%s fails the step', async (_, body) => {
  write('src/a.test.ts', testFile(PASS));
  write('src/b.test.ts', testFile(body));
  const { code, last } = await npmTest(['unit']);
  expect(last).toMatch(/^\d+ passed, 1 failed, 0 skipped$/);
  expect(code).toBe(1);
});

test('with CI=true a skipped test counts as failed', async () => {
  write('src/a.test.ts', testFile(PASS + SKIP));
  const { code, last } = await npmTest(['unit'], { CI: 'true' });
  expect(last).toBe('1 passed, 1 failed, 0 skipped');
  expect(code).toBe(1);
});

test('tests do not see the settings of an installation', async () => {
  write(
    'src/a.test.ts',
    testFile(
      "test('e', () => { expect(process.env['ESCAPEMENT_URL'] ?? process.env['PORT']).toBeUndefined(); });",
    ),
  );
  const { last } = await npmTest(['unit'], { ESCAPEMENT_URL: 'https://example.org', PORT: '1' });
  expect(last).toBe('1 passed, 0 failed, 0 skipped');
});

describe('the full form', () => {
  const FORM_TEST = testFile(
    "test(`in the ${process.env['FAULT_ROUNDS']} form`, () => { expect(process.env['FAULT_ROUNDS']).toBe('full'); });",
  );

  test('runs the fault tests with the full number of rounds, and lists each test', async () => {
    write('test/faults/a.test.ts', FORM_TEST);
    const { out, last } = await npmTest(['--full', 'faults']);
    expect(out).toMatch(/^ {2}\(pass\) in the full form/m);
    expect(last).toBe('1 passed, 0 failed, 0 skipped');
  });

  test('is not that of npm test, whatever the environment says', async () => {
    write('test/faults/a.test.ts', FORM_TEST);
    const { out, last } = await npmTest(['faults'], { FAULT_ROUNDS: 'full' });
    expect(out).toContain('in the short form');
    expect(last).toBe('0 passed, 1 failed, 0 skipped');
  });

  test('has steps that npm test runs only by name', () => {
    const names = (form: Form, asked: readonly string[] = []) => stepsOf(asked, form).map(({ name }) => name);
    expect(names('short')).not.toContain('simulate');
    expect(names('full')).toEqual(STEPS.map(({ name }) => name));
    expect(names('short', ['unit', 'simulate'])).toEqual(['unit', 'simulate']);
  });
});

test('a step that takes too long is killed with all its processes, and fails', async () => {
  writeTool('oxlint', 'sleep 1000 & echo $! > child.pid; wait');
  write(
    'driver.mjs',
    "import { runStep } from './scripts/lib/run-step.mjs';\nconsole.log(JSON.stringify(await runStep({ name: 'x', seconds: 1, check: ['oxlint'] }, 'short')));",
  );
  const child = Bun.spawn(['node', 'driver.mjs'], { cwd: root, stdout: 'pipe' });
  expect(JSON.parse(await new Response(child.stdout).text())).toMatchObject({
    passed: 0,
    failed: 1,
    note: 'timed out after 1 s',
  });
  const pid = Number(await Bun.file(join(root, 'child.pid')).text());
  expect(pid).toBeGreaterThan(1);
  expect(await gone(pid)).toBe(true);
});

/** A killed process may be listed as a zombie until its new parent reaps it. */
async function gone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    try {
      process.kill(pid, 0);
      const stat = await Bun.file(`/proc/${pid}/stat`).text();
      if (/\) Z /.test(stat)) return true;
    } catch {
      return true;
    }
  }
  return false;
}

describe('system packages', () => {
  const STEP = ['second-client'];
  /** A PATH without Python, whose `apt-get` only writes its arguments to a file. */
  function withoutPython(): { [name: string]: string } {
    write('path/apt-get', '#!/bin/sh\necho "$@" >> apt-calls\n');
    chmodSync(join(root, 'path/apt-get'), 0o755);
    symlinkSync(Bun.which('node') ?? '', join(root, 'path/node'));
    write('test/second-client/a.test.ts', testFile(PASS));
    return { PATH: join(root, 'path'), ESCAPEMENT_TEST_NO_INSTALL: '' };
  }
  const aptCalls = () => Bun.file(join(root, 'apt-calls')).exists();
  const isRootOnDebian = process.getuid?.() === 0 && Bun.which('apt-get') !== null;

  test.skipIf(!isRootOnDebian)(
    'are installed by root, and the first line says so and how to switch it off',
    async () => {
      const { out } = await npmTest(STEP, withoutPython());
      expect(out.split('\n')[0]).toBe(
        'npm test installs missing system packages with apt-get as root; --no-install or ESCAPEMENT_TEST_NO_INSTALL=1 switches that off.',
      );
      expect(await aptCalls()).toBe(true);
    },
  );

  test.each([
    ['--no-install', [...STEP, '--no-install'], {}],
    ['ESCAPEMENT_TEST_NO_INSTALL=1', STEP, { ESCAPEMENT_TEST_NO_INSTALL: '1' }],
  ])('are not installed with %s; what is missing is reported', async (_, args, env) => {
    const { out, last } = await npmTest(args, { ...withoutPython(), ...env });
    expect(out).not.toContain('npm test installs');
    expect(await aptCalls()).toBe(false);
    expect(out).toContain('Python is missing (');
    expect(last).toBe('0 passed, 0 failed, 1 skipped');
  });
});

test('an unknown step is refused with the names of all steps', async () => {
  const { code, err } = await npmTest(['unti']);
  expect(err).toContain('unit, simulation');
  expect(code).toBe(2);
});
