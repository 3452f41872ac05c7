/** A library is imported in one place, so that replacing it means changing that place. */
import { isTest } from '../is-test.ts';
import type { Rule, Violation } from '../rule.ts';

/** Library → where product code may import it. Tests and benchmarks may import any. Only installed libraries are listed. */
const PLACES: { readonly [library: string]: readonly string[] } = {
  '@resvg/resvg-js': ['src/services/stats/'],
  hono: ['src/services/web/'],
  // Texts are formatted by the same rules on the server and in the browser.
  'intl-messageformat': ['src/lib/texts.real.ts', 'src/services/web/browser/'],
  kysely: ['src/ports/main-db/', 'src/ports/jobs/'],
  'markdown-it': ['src/lib/markdown.ts'],
  mjml: ['scripts/'],
  nodemailer: ['src/ports/mail/'],
  pg: ['src/ports/main-db/'],
  preact: ['src/services/web/browser/', 'games/'],
  uqr: ['src/services/web/', 'src/commands/banner.ts'],
  yaml: ['src/lib/yaml.ts'],
  // Input from outside is validated wherever it is received.
  zod: ['src/'],
};

/** Tools that build a game's files are not part of the product. */
const TOOLS = /^games\/[^/]+\/tools\//;

export const libraryPlace: Rule = {
  name: 'library-place',
  check: ({ code, find }) => {
    const manifest = JSON.parse(find(MANIFEST)?.text ?? '{}') as Manifest;
    const tools = new Set(Object.keys(manifest.devDependencies ?? {}));
    const imports = code
      .filter(({ path }) => !TOOLS.test(path) && !isTest(path))
      .flatMap((file) =>
        file.imports.flatMap(({ library, offset }) => {
          const message = library === null ? null : complaint(library, file.path, tools);
          return message === null ? [] : [{ path: file.path, line: file.lineOf(offset), message }];
        }),
      );
    return [...imports, ...notInstalled(manifest)];
  },
};

const MANIFEST = 'package.json';

interface Manifest {
  readonly dependencies?: object;
  readonly devDependencies?: object;
}

function notInstalled({ dependencies, devDependencies }: Manifest): readonly Violation[] {
  const installed = new Set(Object.keys({ ...dependencies, ...devDependencies }));
  return Object.keys(PLACES)
    .filter((library) => !installed.has(library))
    .map((library) => ({
      path: MANIFEST,
      line: null,
      message: `does not list ${library}, which has a place: remove it from PLACES`,
    }));
}

function complaint(library: string, path: string, tools: ReadonlySet<string>): string | null {
  if (tools.has(library) && !path.startsWith('scripts/')) {
    return `must not import ${library}: it is a devDependency, and npm start installs none`;
  }
  const places = PLACES[library];
  if (!places)
    return `imports ${library}, which has no place: add it to PLACES, and a page to docs/decisions saying why`;
  if (places.some((place) => path.startsWith(place))) return null;
  return `must not import ${library}, which belongs to ${places.join(' and ')}: use what is exported there`;
}
