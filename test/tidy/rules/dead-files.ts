/** A product file that no product entry point reaches is dead, even if a test still imports it. */
import { isTest } from '../is-test.ts';
import type { Repository } from '../repository.ts';
import type { Rule } from '../rule.ts';

/** Entry points: of the program, the browser, games and developer tools. */
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
          !path.endsWith('.d.ts') && !(isTest(path) || isTestHelper(path) ? tests : product).has(path),
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

/** Helpers beside the tests that use them. */
function isTestHelper(path: string): boolean {
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
