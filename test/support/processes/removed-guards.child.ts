/**
 * Removes one guard from the program that starts after this script (`bun --preload`), so that a test can be
 * seen to fail without it. The environment variable REMOVED_GUARD names the guard:
 *
 *   sync         the journal's disk reports durable and leaves everything in the cache
 *   errors       the journal's disk reports success although the call failed
 *   descriptors  the journal's disk needs a file descriptor for every commit
 *   early        the room log replies at once and writes later
 *   idle         the front end waits for ever for a body or another request
 *   folder-lock  the data folder is not locked
 *   locks        neither the data folder nor the journals are locked
 *   clients      the archive does not store the state of clients
 *   epochs       the archive does not store where epochs began
 *   once         payments and mail jobs are not deduplicated
 */
import { plugin } from 'bun';
import { join } from 'node:path';
import type * as replacements from './removed-guards.ts';

const HERE = JSON.stringify(join(import.meta.dir, 'removed-guards.ts'));

interface Removal {
  readonly module: RegExp;
  /** The export, and the function that replaces it. */
  readonly name: string;
  readonly replacement: keyof typeof replacements;
}

const disk = (replacement: Removal['replacement']): Removal => ({
  module: /journal\/disk\.real\.ts$/,
  name: 'createRealDisk',
  replacement,
});
const lock = (replacement: Removal['replacement']): Removal => ({
  module: /lib\/lock\.real\.ts$/,
  name: 'lockFile',
  replacement,
});
const archive = (replacement: Removal['replacement']): Removal => ({
  module: /queries\/archive\.ts$/,
  name: 'archiveChunks',
  replacement,
});

const REMOVALS: { readonly [guard: string]: readonly Removal[] } = {
  sync: [disk('diskWithoutSync')],
  errors: [disk('diskIgnoringErrors')],
  descriptors: [disk('diskNeedingDescriptors')],
  early: [
    {
      module: /room-log\/room-log\.journal\.ts$/,
      name: 'openJournal',
      replacement: 'journalAcknowledgingEarly',
    },
  ],
  idle: [
    { module: /frontend\/frontend\.bun\.ts$/, name: 'bunFrontend', replacement: 'frontendWithoutTimeout' },
  ],
  'folder-lock': [lock('journalLocksOnly')],
  locks: [lock('noLocks')],
  clients: [archive('archiveWithoutClients')],
  epochs: [archive('archiveWithoutEpochs')],
  once: [
    { module: /domain\/order\.ts$/, name: 'decide', replacement: 'decideAsPending' },
    { module: /queries\/orders\.ts$/, name: 'markOrderPaid', replacement: 'markPaidAlways' },
    { module: /jobs\/jobs\.sql\.ts$/, name: 'SqlJobs', replacement: 'jobsWithoutKeys' },
  ],
};

const guard = process.env['REMOVED_GUARD'] ?? '';
const removals = REMOVALS[guard];
if (!removals) throw new Error(`there is no guard "${guard}"`);

plugin({
  name: 'removed-guards',
  setup(build) {
    for (const { module, name, replacement } of removals) {
      build.onLoad({ filter: module }, async ({ path }) => {
        const text = await Bun.file(path).text();
        const declared = new RegExp(`^export ((async )?function|class) ${name}\\b`, 'm');
        if (!declared.test(text)) throw new Error(`${path} does not declare ${name}`);
        const contents = `import { ${replacement} } from ${HERE};
${text.replace(declared, '$1 original')}
export const ${name} = ${replacement}(original);`;
        return { contents, loader: 'ts' };
      });
    }
  },
});
