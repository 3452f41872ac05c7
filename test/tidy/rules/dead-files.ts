/** A file of the product that nothing of the product reaches is dead, even if a test still imports it. */
import { isTest } from '../places.ts';
import type { Repository } from '../repository.ts';
import type { Rule } from '../rule.ts';

/** Where the runtime, a browser, a player or a developer begins. */
const ENTRY =
  /^(src\/main\.ts|scripts\/[^/]+\.(mjs|ts)|bench\/[^/]+\.ts|games\/[^/]+\/(rules\.ts|client\/main\.tsx?|tools\/[^/]+\.ts)|src\/services\/web\/browser\/[^/]+\.tsx?|sdk\/src\/index\.ts)$/;

export const deadFiles: Rule = {
  name: 'dead-files',
  check(repository) {
    const commands = repository.find('package.json')?.text ?? '';
    const isEntry = ({ path }: { readonly path: string }) =>
      ENTRY.test(path) || commands.includes(` ${path}`);
    const product = reachable(repository, isEntry);
    const tests = reachable(repository, (file) => isEntry(file) || /\.test\.tsx?$/.test(file.path));
    return repository.code
      .filter(
        ({ path }) =>
          !path.endsWith('.d.ts') && !(isTest(path) || isTestHelp(path) ? tests : product).has(path),
      )
      .map(({ path }) => ({
        path,
        line: null,
        message: tests.has(path)
          ? 'only tests use it: use it in the product, move it to test/support, or delete it'
          : 'nothing uses it: import it where it is needed, or delete it',
      }));
  },
};

/** Helpers that lie beside the tests they serve. */
function isTestHelp(path: string): boolean {
  return /(^|\/)(testing|bot)\.ts$/.test(path);
}

function reachable(
  { code, find }: Repository,
  isEntry: (file: { readonly path: string }) => boolean,
): ReadonlySet<string> {
  const open = code.filter(isEntry);
  const seen = new Set(open.map(({ path }) => path));
  for (let file = open.pop(); file; file = open.pop()) {
    for (const { to } of file.imports) {
      if (to === null || seen.has(to)) continue;
      seen.add(to);
      const next = find(to);
      if (next && code.includes(next)) open.push(next);
    }
  }
  return seen;
}
