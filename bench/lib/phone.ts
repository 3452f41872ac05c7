/** The lines of `npm run bench:client`, which runs in a separate process because it drives a browser. */
import { join } from 'node:path';
import type { Line } from './verdict.ts';

export async function measurePhone(folder: string, runs: number): Promise<readonly Line[]> {
  const json = join(folder, 'client.json');
  const child = Bun.spawn([process.execPath, 'bench/client.ts', '--runs', String(runs), '--json', json], {
    stdout: 'ignore',
    stderr: 'inherit',
  });
  const code = await child.exited;
  if (!(await Bun.file(json).exists()))
    throw new Error(`bench/client.ts ended with code ${code} and no figures`);
  const { lines } = (await Bun.file(json).json()) as { readonly lines: readonly Line[] };
  return lines;
}
