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

test('nothing half written is left after a put that failed', async () => {
  const root = await temporary();
  const files = await openDirectoryFiles({ root, ...realWorld });
  await files.put('file', new Uint8Array(1), 'text/plain');
  await failureOf(files.put('file/below', new Uint8Array(1), 'text/plain'));
  expect(await readdir(join(root, '~new'))).toEqual([]);
  await rm(root, { recursive: true });
});

test('what a crash left behind is removed a day later, and no sooner', async () => {
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
