import { afterAll, expect, test } from 'bun:test';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realWorld } from '../../lib/world.real.ts';
import type { SandboxTask } from './sandbox.ts';
import { processSandbox } from './sandbox.process.ts';

const folder = await mkdtemp(join(tmpdir(), 'escapement-programs-'));
afterAll(() => rm(folder, { recursive: true }));
const sandbox = processSandbox(realWorld.timers);

async function run(code: string, change: Partial<SandboxTask> = {}) {
  const program = join(folder, `${Bun.hash(code)}.ts`);
  await Bun.write(program, code);
  return sandbox.run({ program, inputs: [], timeMsMax: 20_000, memoryBytesMax: 2 ** 31, ...change });
}

test('a program reads its input files and its output file is returned', async () => {
  const code =
    'const [a, b, out] = process.argv.slice(2); await Bun.write(out, (await Bun.file(a).text()) + (await Bun.file(b).text()));';
  const inputs = [
    { name: 'first.txt', content: 'to' },
    { name: 'second', content: new TextEncoder().encode('gether') },
  ];
  const outcome = await run(code, { inputs });
  expect(outcome.ok && new TextDecoder().decode(outcome.output)).toBe('together');
});

test('a program over its time limit is ended', async () => {
  expect(await run('for (;;);', { timeMsMax: 300 })).toEqual({ ok: false, why: 'took longer than 300 ms' });
});

test('a program over its memory limit is ended', async () => {
  const hoard = 'const all = []; for (;;) { all.push(new Uint8Array(1e6).fill(1)); await Bun.sleep(1); }';
  const outcome = await run(hoard, { memoryBytesMax: 150_000_000 });
  expect(outcome).toEqual({ ok: false, why: 'used more than 150000000 bytes of memory' });
});

test('a program that throws is a failure with its error message', async () => {
  const outcome = await run('throw new Error("the reason");');
  expect(outcome.ok ? '' : outcome.why).toContain('the reason');
});

test('a program without output is a failure', async () => {
  expect(await run('export {};')).toEqual({ ok: false, why: 'it left no output' });
});

test('a program gets no environment variable but PATH', async () => {
  process.env['ESCAPEMENT_TEST_SECRET'] = 'secret';
  const code = 'await Bun.write(process.argv[2], JSON.stringify(Object.keys(process.env)));';
  const outcome = await run(code);
  delete process.env['ESCAPEMENT_TEST_SECRET'];
  expect(outcome.ok && new TextDecoder().decode(outcome.output)).not.toContain('TEST_SECRET');
});

test('a program has a lower priority than the rooms', async () => {
  const code =
    'import { getPriority } from "node:os"; while (getPriority() < 10) await Bun.sleep(1); await Bun.write(process.argv[2], "so");';
  expect((await run(code)).ok).toBe(true);
});

test('the temporary folder is removed, however a program ended', async () => {
  const left = async (): Promise<number> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('escapement-sandbox-')).length;
  const before = await left();
  await run('throw new Error("the reason");');
  await run('for (;;);', { timeMsMax: 200 });
  expect(await left()).toBe(before);
});
