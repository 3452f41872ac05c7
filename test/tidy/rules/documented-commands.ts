/** Every script of package.json is documented in CONTRIBUTING.md, and every script documented there exists. */
import type { Rule } from '../rule.ts';

const PAGE = 'CONTRIBUTING.md';
/** npm's own, without `run`. */
const SHORT = new Set(['start', 'test']);

export const documentedCommands: Rule = {
  name: 'documented-commands',
  check({ find }) {
    const manifest = JSON.parse(find('package.json')?.text ?? '{}') as { readonly scripts?: object };
    const scripts = Object.keys(manifest.scripts ?? {});
    const page = find(PAGE)?.text ?? '';
    const named = [...page.matchAll(/`npm (?:run )?([a-z][\w:-]*)/g)].map(([, name]) => name ?? '');
    return [
      ...scripts
        .filter((name) => !named.includes(name))
        .map((name) => `does not name \`npm ${SHORT.has(name) ? '' : 'run '}${name}\`: say what it does`),
      ...new Set(
        named
          .filter((name) => !scripts.includes(name) && name !== 'install' && name !== 'ci')
          .map((name) => `names \`npm run ${name}\`, which package.json does not have: take it out`),
      ),
    ].map((message) => ({ path: PAGE, line: null, message }));
  },
};
