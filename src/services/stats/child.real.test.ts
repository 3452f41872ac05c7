import { afterAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realWorld } from '../../lib/world.real.ts';
import { runChild } from './child.real.ts';

const folder = await mkdtemp(join(tmpdir(), 'escapement-child-'));
afterAll(() => rm(folder, { recursive: true }));

async function run(code: string, limits: { timeMsMax?: number; memoryBytesMax?: number }) {
  const script = join(folder, `${Bun.hash(code)}.ts`);
  await Bun.write(script, code);
  const task = { script, args: [], timeMsMax: 20_000, memoryBytesMax: 2 ** 31, ...limits };
  return runChild(task, realWorld.timers);
}

test('a child that ends well is well', async () => {
  expect(await run('export {};', {})).toEqual({ ok: true });
});

test('a child that loops for ever is ended', async () => {
  expect(await run('for (;;);', { timeMsMax: 300 })).toEqual({ ok: false, why: 'took longer than 300 ms' });
});

test('a child that takes too much memory is ended', async () => {
  const hoard = 'const all = []; for (;;) { all.push(new Uint8Array(1e6).fill(1)); await Bun.sleep(1); }';
  const outcome = await run(hoard, { memoryBytesMax: 150_000_000 });
  expect(outcome).toEqual({ ok: false, why: 'used more than 150000000 bytes of memory' });
});

test('a child that throws tells why', async () => {
  const outcome = await run('throw new Error("the reason");', {});
  expect(outcome.ok ? '' : outcome.why).toContain('the reason');
});

test('a child sees nothing of the environment but the path', async () => {
  process.env['ESCAPEMENT_PLANTED_SECRET'] = 'planted';
  const outcome = await run('if (process.env.ESCAPEMENT_PLANTED_SECRET) throw new Error("seen");', {});
  delete process.env['ESCAPEMENT_PLANTED_SECRET'];
  expect(outcome).toEqual({ ok: true });
});
