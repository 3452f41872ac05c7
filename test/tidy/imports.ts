/** What a file refers to: imports of every kind, and other files named by a URL or path in a string. */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Node, Program } from 'oxc-parser';
import { walk } from './walk.ts';

export interface Import {
  /** As written. */
  readonly specifier: string;
  readonly offset: number;
  /** The file of the repository that is imported; null for libraries and for missing files. */
  readonly to: string | null;
  /** The package name of a library, otherwise null. */
  readonly library: string | null;
  /** A path in a string, such as `new URL('./x.ts', import.meta.url)`: not an import, but a use. */
  readonly mention: boolean;
}

/** What specifiers are resolved against. */
export interface Known {
  readonly paths: ReadonlySet<string>;
  /** The `exports` of the SDK's package. */
  readonly sdk: { readonly [name: string]: string };
}

const SDK = '@escapement/sdk';
const ENDINGS = ['', '.ts', '.tsx', '.mjs'];
const PATH = /^[\w./@-]+\.(ts|tsx|mjs|css|json)$/;

export function importsOf(path: string, program: Program, known: Known): readonly Import[] {
  const found: Import[] = [];
  const add = (node: Node | null | undefined, mention: boolean) => {
    if (node?.type !== 'Literal' || typeof node.value !== 'string') return;
    const to = resolve(path, node.value, known);
    if (mention && to === null) return;
    found.push({
      specifier: node.value,
      offset: node.start,
      to,
      library: mention ? null : libraryOf(node.value),
      mention,
    });
  };
  walk(program, (node, around) => {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') add(node.source, false);
    else if (node.type === 'ExportNamedDeclaration') add(node.source, false);
    else if (node.type === 'ImportExpression') add(node.source, false);
    else if (node.type === 'TSImportType') add(node.source, false);
    else if (node.type === 'Literal' && typeof node.value === 'string' && PATH.test(node.value)) {
      if (!isSourceOf(node, around.at(-1))) add(node, true);
    }
  });
  return found;
}

function isSourceOf(node: Node, parent: Node | undefined): boolean {
  return parent !== undefined && 'source' in parent && parent.source === node;
}

/** Mentions may also be relative to the root of the repository. */
function resolve(from: string, specifier: string, known: Known): string | null {
  const sdk = sdkPath(specifier, known);
  if (sdk !== null) return known.paths.has(sdk) ? sdk : null;
  const beside = posix.join(posix.dirname(from), specifier);
  const candidates = [...ENDINGS.map((ending) => beside + ending), posix.normalize(specifier)];
  return candidates.find((candidate) => known.paths.has(candidate)) ?? null;
}

/** Resolves by the `exports` of sdk/package.json; `*` matches any name. */
function sdkPath(specifier: string, { sdk }: Known): string | null {
  if (specifier !== SDK && !specifier.startsWith(`${SDK}/`)) return null;
  const entry = `.${specifier.slice(SDK.length)}`;
  for (const [name, target] of Object.entries(sdk)) {
    const [start = '', end] = name.split('*');
    if (end === undefined ? entry !== name : !(entry.startsWith(start) && entry.endsWith(end))) continue;
    const star = end === undefined ? '' : entry.slice(start.length, entry.length - end.length);
    return posix.join('sdk', target.replace('*', star));
  }
  return null;
}

function libraryOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier === SDK || specifier.startsWith(`${SDK}/`)) return null;
  if (specifier.startsWith('bun:') || specifier === 'bun') return null;
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return null;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
