/**
 * Takes one guard out of the program that is started after this script (`bun --preload`), so that a
 * test can be seen to fail without it. UNGUARDED names the guard:
 *
 *   sync         the journal's disk says durable and leaves everything in the cache
 *   errors       the journal's disk says written although the write failed
 *   spare        the disk of the journal needs a file descriptor for every commit
 *   early        the room log answers at once and writes a moment later
 *   idle         the front end waits for a body, and for another request, for ever
 *   folder-lock  the data folder may be used by anybody
 *   locks        the data folder and the journals may be used by anybody
 *   clients      the archive does not keep how far each client is
 *   epochs       the archive does not keep where epochs began
 *   once         nobody knows any more that an order was paid, or that a mail was asked for
 */
import { plugin } from 'bun';
import { join } from 'node:path';
import type * as stands from './unguarded.ts';

const HERE = JSON.stringify(join(import.meta.dir, 'unguarded.ts'));

interface Place {
  readonly module: RegExp;
  /** What it exports, and what stands in for it. */
  readonly name: string;
  readonly stand: keyof typeof stands;
}

const disk = (stand: Place['stand']): Place => ({
  module: /journal\/disk\.real\.ts$/,
  name: 'createRealDisk',
  stand,
});
const lock = (stand: Place['stand']): Place => ({ module: /lib\/lock\.real\.ts$/, name: 'lockFile', stand });
const archive = (stand: Place['stand']): Place => ({
  module: /queries\/archive\.ts$/,
  name: 'archiveChunks',
  stand,
});

const PLACES: { readonly [guard: string]: readonly Place[] } = {
  sync: [disk('lyingDisk')],
  errors: [disk('deafDisk')],
  spare: [disk('thirstyDisk')],
  early: [{ module: /room-log\/room-log\.journal\.ts$/, name: 'openJournal', stand: 'hastyJournal' }],
  idle: [{ module: /frontend\/frontend\.bun\.ts$/, name: 'bunFrontend', stand: 'patientFrontend' }],
  'folder-lock': [lock('journalLocksOnly')],
  locks: [lock('noLocks')],
  clients: [archive('archiveWithoutClients')],
  epochs: [archive('archiveWithoutEpochs')],
  once: [
    { module: /domain\/order\.ts$/, name: 'decide', stand: 'decideAnew' },
    { module: /queries\/orders\.ts$/, name: 'markOrderPaid', stand: 'paidAgain' },
    { module: /jobs\/jobs\.sql\.ts$/, name: 'SqlJobs', stand: 'jobsWithoutKeys' },
  ],
};

const guard = process.env['UNGUARDED'] ?? '';
const places = PLACES[guard];
if (!places) throw new Error(`there is no guard "${guard}"`);

plugin({
  name: 'unguarded',
  setup(build) {
    for (const { module, name, stand } of places) {
      build.onLoad({ filter: module }, async ({ path }) => {
        const text = await Bun.file(path).text();
        const declared = new RegExp(`^export ((async )?function|class) ${name}\\b`, 'm');
        if (!declared.test(text)) throw new Error(`${path} does not declare ${name} any more`);
        const contents = `import { ${stand} } from ${HERE};
${text.replace(declared, '$1 withItsGuard')}
export const ${name} = ${stand}(withItsGuard);`;
        return { contents, loader: 'ts' };
      });
    }
  },
});
