/**
 * main → commands → wire → services, publishing, hosts → ports → domain → sdk/protocol, and lib below all: never
 * upward, never from service to service. Each layer lists what it may import; everything else is refused.
 */
import { isTest } from '../is-test.ts';
import type { Rule, Violation } from '../rule.ts';

/** Files beside `main.ts` and `wire.ts` that every layer above the services may use. */
const SHARED = ['src/config', 'src/errors.ts', 'src/flags.ts', 'src/running.ts', 'src/version.ts'];
const PORTS_AND_BELOW = ['src/ports/', 'src/domain/', 'sdk/', 'src/lib/'];

/** The first pattern that matches decides. A group of the pattern can be used in `may` as `$1`. */
const LAYERS: readonly { readonly path: RegExp; readonly may: readonly string[] }[] = [
  // Tools of the repository, not part of the product: nothing may import them.
  { path: /^scripts\//, may: ['scripts/', 'test/support/', 'src/'] },
  { path: /^sdk\/protocol\//, may: ['sdk/protocol/'] },
  { path: /^sdk\//, may: ['sdk/'] },
  { path: /^games\/([^/]+)\//, may: ['games/$1/', 'sdk/src/'] },
  { path: /^src\/lib\//, may: ['src/lib/'] },
  { path: /^src\/domain\//, may: ['src/domain/', 'sdk/protocol/', 'src/lib/'] },
  { path: /^src\/ports\//, may: ['src/ports/', 'src/domain/', 'sdk/protocol/', 'src/lib/'] },
  { path: /^src\/services\/([^/]+)\//, may: ['src/services/$1/', ...PORTS_AND_BELOW] },
  { path: /^src\/publishing\//, may: ['src/publishing/', ...PORTS_AND_BELOW] },
  { path: /^src\/hosts\//, may: ['src/hosts/', 'src/running.ts', ...PORTS_AND_BELOW] },
  { path: /^src\/(config|config\.load|errors|flags|running)\.ts$/, may: [...SHARED, 'src/lib/'] },
  {
    path: /^src\/wire(\.ts|\/)/,
    may: ['src/wire', 'src/services/', 'src/publishing/', 'src/hosts/', ...SHARED, ...PORTS_AND_BELOW],
  },
  {
    path: /^src\/commands\//,
    may: [
      'src/commands/',
      'src/wire.ts',
      'src/publishing/',
      'src/hosts/process-messages.ts',
      ...SHARED,
      ...PORTS_AND_BELOW,
    ],
  },
  { path: /^src\/version\.ts$/, may: ['package.json'] },
  { path: /^src\/main\.ts$/, may: ['src/commands/', 'src/errors.ts', 'src/lib/'] },
];

export const importDirection: Rule = {
  name: 'import-direction',
  check: ({ code }) =>
    code.flatMap((file): readonly Violation[] => {
      const may = allowed(file.path);
      if (may === null) {
        return [
          {
            path: file.path,
            line: null,
            message: 'belongs to no layer; move it, or add its folder to LAYERS',
          },
        ];
      }
      return file.imports
        .filter(({ to, mention }) => to !== null && !mention && !may.some((start) => to.startsWith(start)))
        .map(({ to, offset }) => ({
          path: file.path,
          line: file.lineOf(offset),
          message: `must not import ${to}: take what you need as an argument, or move it to a layer below (${may.join(', ')})`,
        }));
    }),
};

/** Tests are beside the code and may import anything. */
function allowed(path: string): readonly string[] | null {
  if (isTest(path)) return [''];
  for (const layer of LAYERS) {
    const match = layer.path.exec(path);
    if (match) return layer.may.map((start) => start.replace('$1', match[1] ?? ''));
  }
  return null;
}
