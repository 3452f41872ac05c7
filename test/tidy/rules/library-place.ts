/** A library is imported in one place, so that replacing it means changing that place. */
import { isTest } from '../places.ts';
import type { Rule } from '../rule.ts';

/** Library → where product code may import it. Tests and benchmarks may import any. */
const PLACES: { readonly [library: string]: readonly string[] } = {
  '@resvg/resvg-js': ['src/services/stats/'],
  hono: ['src/services/web/'],
  i18next: ['src/lib/texts.real.ts'],
  'i18next-icu': ['src/lib/texts.real.ts'],
  // Texts formatted in the browser, by the same rules as on the server.
  'intl-messageformat': ['src/services/web/browser/'],
  kysely: ['src/ports/main-db/', 'src/ports/jobs/'],
  'markdown-it': ['src/lib/markdown.ts'],
  mjml: ['scripts/'],
  nodemailer: ['src/ports/mail/'],
  pg: ['src/ports/main-db/'],
  preact: ['src/services/web/browser/', 'games/'],
  'prom-client': ['src/lib/metrics'],
  sharp: ['src/services/stats/'],
  stripe: ['src/ports/payments/'],
  uqr: ['src/services/web/', 'src/commands/banner.ts'],
  yaml: ['src/lib/yaml.ts'],
  // Validation of what comes from outside is everywhere where something comes from outside.
  zod: ['src/'],
};

/** What builds a game's files is no part of the product. */
const TOOLS = /^games\/[^/]+\/tools\//;

export const libraryPlace: Rule = {
  name: 'library-place',
  check: ({ code, find }) => {
    const tools = toolsOf(find('package.json')?.text ?? '{}');
    return code
      .filter(({ path }) => !TOOLS.test(path) && !isTest(path))
      .flatMap((file) =>
        file.imports.flatMap(({ library, offset }) => {
          const message = library === null ? null : complaint(library, file.path, tools);
          return message === null ? [] : [{ path: file.path, line: file.lineOf(offset), message }];
        }),
      );
  },
};

function toolsOf(manifest: string): ReadonlySet<string> {
  const { devDependencies = {} } = JSON.parse(manifest) as { readonly devDependencies?: object };
  return new Set(Object.keys(devDependencies));
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
