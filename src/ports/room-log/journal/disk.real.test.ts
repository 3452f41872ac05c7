/** The real disk does what its interface states, as far as can be tested without a power cut. */
import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf } from '../../../../test/support/failure.ts';
import { createRealDisk } from './disk.real.ts';
import { DiskError, type DiskFault } from './disk.ts';

const root = mkdtempSync(join(tmpdir(), 'escapement-disk-'));
const disk = createRealDisk();
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (read: Uint8Array) => new TextDecoder().decode(read);

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function faultOf(call: Promise<unknown>): Promise<DiskFault> {
  const error = await failureOf(call);
  if (!(error instanceof DiskError)) throw error;
  return error.fault;
}

test('written bytes can be read, cached or durable, and reading ends at the end of the file', async () => {
  const file = await disk.create(join(root, 'written'));
  expect(await file.write(0, bytes('0123456789'))).toBe(10);
  expect(await file.writeDurably(4, bytes('abc'))).toBe(3);
  await file.sync();
  expect(await file.size()).toBe(10);
  expect(text(await file.read(0, 100))).toBe('0123abc789');
  expect(text(await file.read(8, 100))).toBe('89');
  expect((await file.read(50, 10)).length).toBe(0);
  await file.truncate(5);
  expect(text(await file.read(0, 100))).toBe('0123a');
  await file.close();
  const again = await disk.open(join(root, 'written'));
  expect(text(await again.read(0, 100))).toBe('0123a');
  await again.close();
});

test('creating truncates an existing file; renaming replaces it', async () => {
  const path = join(root, 'replaced');
  for (const content of ['old and long', 'new']) {
    const file = await disk.create(`${path}.new`);
    await file.write(0, bytes(content));
    await file.close();
    await disk.rename(`${path}.new`, path);
  }
  await disk.syncDirectory(root);
  const file = await disk.open(path);
  expect(text(await file.read(0, 100))).toBe('new');
  await file.close();
  expect(await disk.list(root)).not.toContain('replaced.new');
  await disk.remove(path);
  expect(await disk.list(root)).not.toContain('replaced');
});

test('an existing file is opened for writing with its content', async () => {
  const path = join(root, 'reopened');
  const file = await disk.create(path);
  await file.writeDurably(0, bytes('0123456789'));
  await file.close();
  const again = await disk.reopen(path);
  await again.writeDurably(2, bytes('abc'));
  expect(text(await again.read(0, 100))).toBe('01abc56789');
  await again.close();
  expect(await faultOf(disk.reopen(join(root, 'nowhere')))).toBe('missing');
});

test('opening a file waits for a free file descriptor', async () => {
  const script = `
    import { closeSync, openSync } from 'node:fs';
    import { createRealDisk } from ${JSON.stringify(join(import.meta.dir, 'disk.real.ts'))};
    const disk = createRealDisk();
    const held = [];
    try {
      for (;;) held.push(openSync('/dev/null', 'r'));
    } catch {}
    // Not enough: a file needs two.
    closeSync(held.pop());
    const creating = disk.create(${JSON.stringify(join(root, 'scarce'))});
    await Bun.sleep(150);
    for (const fd of held.splice(0, 2)) closeSync(fd);
    const file = await creating;
    await file.writeDurably(0, new Uint8Array(10));
    console.log(await file.size());`;
  const limited = ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, '-e', script];
  const child = Bun.spawn(limited, { stdout: 'pipe', stderr: 'inherit' });
  expect((await new Response(child.stdout).text()).trim()).toBe('10');
});

test('folders are created with their parents, and creating them again does nothing', async () => {
  const path = join(root, 'one/two/three');
  await disk.makeDirectory(path);
  await disk.makeDirectory(path);
  expect(await disk.list(path)).toEqual([]);
  const { freeBytes, totalBytes } = await disk.space(path);
  expect(freeBytes).toBeGreaterThan(0);
  expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
});

test('system errors are mapped to the faults of the interface', async () => {
  expect(await faultOf(disk.open(join(root, 'nowhere')))).toBe('missing');
  expect(await faultOf(disk.list(join(root, 'nowhere')))).toBe('missing');
  expect(await faultOf(disk.remove(join(root, 'nowhere')))).toBe('missing');
  expect(await faultOf(disk.makeDirectory('/dev/null/folder'))).toBe('missing');
  expect(await faultOf(disk.create(root))).toBe('failed');
});

if (process.platform === 'linux') {
  test('a full disk is fault full, for cached and for durable writes', async () => {
    const full = await disk.create('/dev/full');
    expect(await faultOf(full.write(0, bytes('x')))).toBe('full');
    expect(await faultOf(full.writeDurably(0, bytes('x')))).toBe('full');
    await full.close();
  });
}
