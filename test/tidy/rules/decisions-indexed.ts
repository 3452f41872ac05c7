/** Every decision is linked from the index, `docs/decisions/README.md`, and begins with its number. */
import type { Rule } from '../rule.ts';

const INDEX = 'docs/decisions/README.md';
const DECISION = /^docs\/decisions\/(\d{4})-[\w-]+\.md$/;

export const decisionsIndexed: Rule = {
  name: 'decisions-indexed',
  check({ files, find }) {
    const index = find(INDEX)?.text ?? '';
    const linked = [...index.matchAll(/\]\((\d{4}-[\w-]+\.md)\)/g)].map(
      ([, name]) => `docs/decisions/${name}`,
    );
    const decisions = files.filter(({ path }) => path.startsWith('docs/decisions/') && path !== INDEX);
    return [
      ...decisions
        .filter(({ path }) => !linked.includes(path))
        .map(({ path }) => ({ path, line: null, message: `is not linked from ${INDEX}: add a line there` })),
      ...decisions
        .filter(({ path, lines }) => !lines[0]?.startsWith(`# ${DECISION.exec(path)?.[1] ?? 'none'} `))
        .map(({ path }) => ({
          path,
          line: 1,
          message: 'begin with the number of the file name: `# 0001 Title`',
        })),
      ...linked
        .filter((path) => !find(path))
        .map((path) => ({ path: INDEX, line: null, message: `links ${path}, which does not exist` })),
    ];
  },
};
