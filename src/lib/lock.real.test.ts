/** The lock between processes. */
import { afterAll, afterEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from './lock.real.ts';

const folder = mkdtempSync(join(tmpdir(), 'escapement-lock-'));
const started: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts another process that acquires the lock and keeps it; resolves with its outcome. */
async function otherProcess(path: string): Promise<{ acquired: boolean; child: Bun.Subprocess }> {
  const code = `
    import { lockFile } from ${JSON.stringify(join(import.meta.dir, 'lock.real.ts'))};
    const lock = lockFile(${JSON.stringify(path)});
    console.log(lock.ok ? 'acquired' : 'refused');
    process.stdin.resume();
  `;
  const child = Bun.spawn([process.execPath, '-e', code], { stdin: 'pipe', stdout: 'pipe' });
  started.push(child);
  const { value } = await child.stdout.getReader().read();
  return { acquired: new TextDecoder().decode(value).trim() === 'acquired', child };
}

test('a held lock is refused to another process until it is released', async () => {
  const path = join(folder, 'held');
  const lock = lockFile(path);
  if (!lock.ok) throw new Error('the lock was not free');
  expect((await otherProcess(path)).acquired).toBe(false);
  lock.release();
  expect((await otherProcess(path)).acquired).toBe(true);
});

test('a held lock is also refused to the same process', () => {
  const path = join(folder, 'twice');
  const first = lockFile(path);
  expect(first.ok).toBe(true);
  expect(lockFile(path).ok).toBe(false);
  if (first.ok) first.release();
  const again = lockFile(path);
  expect(again.ok).toBe(true);
  if (again.ok) again.release();
});

test('the lock of a killed process is released', async () => {
  const path = join(folder, 'killed');
  const { acquired, child } = await otherProcess(path);
  expect(acquired).toBe(true);
  expect(lockFile(path).ok).toBe(false);
  child.kill('SIGKILL');
  await child.exited;
  const lock = lockFile(path);
  expect(lock.ok).toBe(true);
  if (lock.ok) lock.release();
});

test('a lock stays held when its handle is garbage-collected', async () => {
  const path = join(folder, 'forgotten');
  const acquire = () => lockFile(path).ok;
  expect(acquire()).toBe(true);
  Bun.gc(true);
  expect((await otherProcess(path)).acquired).toBe(false);
});

test('a missing folder throws', () => {
  expect(() => lockFile(join(folder, 'missing', 'lock'))).toThrow();
});
