import { expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOf } from '../../../test/support/failure.ts';
import { realWorld } from '../../lib/world.real.ts';
import { filesContract } from './files.contract.ts';
import { openDirectoryFiles } from './files.directory.ts';

async function temporary(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'escapement-files-'));
}

filesContract('directory', async () => {
  const root = await temporary();
  const again = () => openDirectoryFiles({ root, ...realWorld });
  return { files: await again(), again, close: () => rm(root, { recursive: true }) };
});

test('a put that fails leaves no temporary file', async () => {
  const root = await temporary();
  const files = await openDirectoryFiles({ root, ...realWorld });
  await files.put('file', new Uint8Array(1), 'text/plain');
  await failureOf(files.put('file/below', new Uint8Array(1), 'text/plain'));
  expect(await readdir(join(root, '~new'))).toEqual([]);
  await rm(root, { recursive: true });
});

test('temporary files that a crash left are removed after a day, not earlier', async () => {
  const root = await temporary();
  await mkdir(join(root, '~new'));
  await writeFile(join(root, '~new', 'old'), 'x');
  await writeFile(join(root, '~new', 'young'), 'x');
  const longAgo = (Date.now() - 25 * 3_600_000) / 1000;
  await utimes(join(root, '~new', 'old'), longAgo, longAgo);
  await openDirectoryFiles({ root, ...realWorld });
  expect(await readdir(join(root, '~new'))).toEqual(['young']);
  await rm(root, { recursive: true });
});
