/** Files of the installation, such as releases and cards: a directory in the data folder. */
import { join } from 'node:path';
import { realWorld } from '../lib/world.real.ts';
import type { Files } from '../ports/files/files.ts';
import type { Assembly } from './assembly.ts';

export async function openFiles({ settings }: Assembly): Promise<Files> {
  const { openDirectoryFiles } = await import('../ports/files/files.directory.ts');
  return openDirectoryFiles({ root: join(settings.dataDir, 'files'), ...realWorld });
}
