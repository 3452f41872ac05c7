/** The files that house rules check: text, syntax tree and imports, each computed once and on demand. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Comment, parseSync, type Program } from 'oxc-parser';
import { type Import, importsOf, type Known } from './imports.ts';

export interface SourceFile {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Throws for files that are not code. */
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  /** The line of an offset in the text, from 1. */
  lineOf(offset: number): number;
}

export interface Repository {
  readonly files: readonly SourceFile[];
  readonly code: readonly SourceFile[];
  find(path: string): SourceFile | undefined;
}

const CODE = /\.(ts|tsx|mjs)$/;
const TEXT =
  /\.(ts|tsx|mjs|js|json|jsonc|md|css|html|svg|yaml|yml|sh|txt|toml|mjml|sql|service|cfg)$|(^|\/)(run|LICENSE|\.[a-z]+)$/;
/** Not checked: installed, generated, or violating on purpose. */
const LEFT_OUT =
  /(^|\/)node_modules$|^(\.git|data|dist|\.cache|test\/tidy\/fixtures|test\/screenshots\/out)$/;

export function readRepository(root: string): Repository {
  const paths = pathsBelow(root, '').filter((path) => TEXT.test(path));
  return repositoryOf(new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])));
}

function pathsBelow(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (LEFT_OUT.test(path) || entry.isSymbolicLink()) return [];
    return entry.isDirectory() ? pathsBelow(root, path) : [path];
  });
}

export function repositoryOf(texts: ReadonlyMap<string, string>): Repository {
  const known = { paths: new Set(texts.keys()), sdk: sdkExports(texts.get('sdk/package.json')) };
  const files = [...texts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => sourceFile(path, text, known));
  const byPath = new Map(files.map((file) => [file.path, file]));
  return {
    files,
    code: files.filter(({ path }) => CODE.test(path)),
    find: (path) => byPath.get(path),
  };
}

const SDK_MAIN = { '.': './src/index.ts', './protocol/*': './protocol/*' };

function sdkExports(manifest: string | undefined): Known['sdk'] {
  if (manifest === undefined) return SDK_MAIN;
  return (JSON.parse(manifest) as { readonly exports: Known['sdk'] }).exports;
}

function sourceFile(path: string, text: string, known: Known): SourceFile {
  const lines = text.split('\n');
  const parsed = once(() => {
    const result = parseSync(path, text);
    if (result.errors.length > 0) throw new Error(`${path}: ${result.errors[0]?.message}`);
    return { program: result.program, comments: result.comments };
  });
  const imports = once(() => importsOf(path, parsed().program, known));
  const starts = once(() => startsOf(lines));
  return {
    path,
    text,
    lines,
    get program() {
      return parsed().program;
    },
    get comments() {
      return parsed().comments;
    },
    get imports() {
      return imports();
    },
    lineOf: (offset) => starts().findLastIndex((start) => start <= offset) + 1,
  };
}

/** The offset of each line. */
function startsOf(lines: readonly string[]): readonly number[] {
  let start = 0;
  return lines.map((line) => {
    const own = start;
    start += line.length + 1;
    return own;
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
