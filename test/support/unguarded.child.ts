/**
 * Takes one guard out of the program that is started after this script (`bun --preload`), so that a
 * test can be seen to fail without it. UNGUARDED names the guard:
 *
 *   sync     the journal's disk says durable and leaves everything in the cache
 *   errors   the journal's disk says written although the write failed
 *   spare    the disk of the journal needs a file descriptor for every commit
 *   early    the room log answers at once and writes a moment later
 */
import { plugin } from 'bun';
import { join } from 'node:path';
import type * as stands from './unguarded.ts';

const HERE = JSON.stringify(join(import.meta.dir, 'unguarded.ts'));

/** Guard → the module, what it exports, and what stands in for it. */
const PLACES: { readonly [guard: string]: { module: RegExp; name: string; stand: keyof typeof stands } } = {
  sync: { module: /room-log\/disk\.real\.ts$/, name: 'createRealDisk', stand: 'lyingDisk' },
  errors: { module: /room-log\/disk\.real\.ts$/, name: 'createRealDisk', stand: 'deafDisk' },
  spare: { module: /room-log\/disk\.real\.ts$/, name: 'createRealDisk', stand: 'thirstyDisk' },
  early: { module: /room-log\/journal\.ts$/, name: 'openJournal', stand: 'hastyJournal' },
};

const guard = process.env['UNGUARDED'] ?? '';
const place = PLACES[guard];
if (!place) throw new Error(`there is no guard "${guard}"`);

plugin({
  name: 'unguarded',
  setup(build) {
    build.onLoad({ filter: place.module }, async ({ path }) => {
      const text = await Bun.file(path).text();
      const declared = new RegExp(`^export ((async )?function) ${place.name}\\b`, 'm');
      if (!declared.test(text)) throw new Error(`${path} does not declare ${place.name} any more`);
      const contents = `import { ${place.stand} } from ${HERE};
${text.replace(declared, '$1 withItsGuard')}
export const ${place.name} = ${place.stand}(withItsGuard);`;
      return { contents, loader: 'ts' };
    });
  },
});
