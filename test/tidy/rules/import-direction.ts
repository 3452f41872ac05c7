/**
 * main → wire → services → ports → domain → sdk/protocol, lib below all: never upward, never from
 * service to service. A layer lists what it may import; what is not listed is refused.
 */
import { isTest } from '../places.ts';
import type { Rule, Violation } from '../rule.ts';

/** The first pattern that fits decides. Groups of a pattern may be used in `may` as `$1`. */
const LAYERS: readonly { readonly path: RegExp; readonly may: readonly string[] }[] = [
  { path: /^scripts\//, may: ['scripts/'] },
  { path: /^sdk\/protocol\//, may: ['sdk/protocol/'] },
  { path: /^sdk\//, may: ['sdk/'] },
  { path: /^games\/([^/]+)\//, may: ['games/$1/', 'sdk/src/'] },
  { path: /^src\/lib\//, may: ['src/lib/'] },
  { path: /^src\/domain\//, may: ['src/domain/', 'sdk/protocol/', 'src/lib/'] },
  { path: /^src\/ports\//, may: ['src/ports/', 'src/domain/', 'sdk/protocol/', 'src/lib/'] },
  {
    path: /^src\/services\/([^/]+)\//,
    may: ['src/services/$1/', 'src/ports/', 'src/domain/', 'sdk/', 'src/lib/'],
  },
  {
    path: /^src\/(config|config\.load|errors|running)\.ts$/,
    may: ['src/config', 'src/errors.ts', 'src/running.ts', 'src/version.ts', 'src/lib/'],
  },
  {
    // Publishing at start is the one command that the wiring calls.
    path: /^src\/wire(\.ts|\/)/,
    may: [
      'src/wire',
      'src/services/',
      'src/ports/',
      'src/domain/',
      'sdk/',
      'src/lib/',
      'src/config',
      'src/errors.ts',
      'src/running.ts',
      'src/version.ts',
      'src/commands/publish.ts',
    ],
  },
  {
    path: /^src\/commands\//,
    may: [
      'src/commands/',
      'src/wire.ts',
      'src/config',
      'src/errors.ts',
      'src/running.ts',
      'src/version.ts',
      'src/ports/',
      'src/domain/',
      'sdk/',
      'src/lib/',
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

/** Tests stand beside the code and may use whatever they need. */
function allowed(path: string): readonly string[] | null {
  if (isTest(path)) return [''];
  for (const layer of LAYERS) {
    const match = layer.path.exec(path);
    if (match) return layer.may.map((start) => start.replace('$1', match[1] ?? ''));
  }
  return null;
}
