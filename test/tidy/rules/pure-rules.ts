/**
 * A game's rules compute the same state in every browser, in `stats` and in tests: no clock, no randomness of their own,
 * nothing that depends on the locale or that engines may compute differently.
 */
import type { Node } from 'oxc-parser';
import type { Repository, SourceFile } from '../repository.ts';
import type { Rule, Violation } from '../rule.ts';
import { dotted, walk } from '../walk.ts';

const RULES = /^games\/[^/]+\/rules\.ts$/;
/** Functions of Math whose result the language specifies exactly. */
const EXACT_MATH = new Set([
  'abs',
  'ceil',
  'clz32',
  'floor',
  'fround',
  'imul',
  'max',
  'min',
  'round',
  'sign',
  'trunc',
]);
const WORLD = new Set([
  'Date',
  'Intl',
  'Temporal',
  'performance',
  'crypto',
  'globalThis',
  'window',
  'self',
  'document',
  'navigator',
  'process',
  'Bun',
  'fetch',
  'setTimeout',
  'setInterval',
  'queueMicrotask',
  'requestAnimationFrame',
  'localStorage',
  'WeakRef',
  'FinalizationRegistry',
  'console',
]);
const LOCALE = /^(toLocale\w*|localeCompare|normalize)$/;

export const pureRules: Rule = {
  name: 'pure-rules',
  check: (repository) => [...rulesFiles(repository)].flatMap(violations),
};

/** rules.ts of every game, and the files of the game that it imports. */
function rulesFiles({ code, find }: Repository): ReadonlySet<SourceFile> {
  const files = new Set(code.filter(({ path }) => RULES.test(path)));
  for (const file of files) {
    for (const { to, mention } of file.imports) {
      const next = to === null || mention || !to.startsWith('games/') ? undefined : find(to);
      if (next && code.includes(next)) files.add(next);
    }
  }
  return files;
}

function violations(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const add = (node: Node, message: string) =>
    found.push({ path: file.path, line: file.lineOf(node.start), message });
  walk(file.program, (node, around) => {
    if (node.type === 'BinaryExpression' && node.operator === '**')
      add(node, '** may differ between engines: multiply');
    if (node.type === 'Identifier' && WORLD.has(node.name) && isUse(node, around.at(-1))) {
      add(
        node,
        `${node.name} is not the same everywhere: time, randomness and seat are in the move's context`,
      );
    }
    if (node.type !== 'MemberExpression' || node.property.type !== 'Identifier') return;
    const name = node.property.name;
    if (dotted(node.object) === 'Math' && !EXACT_MATH.has(name) && name !== 'PI') {
      add(
        node,
        `Math.${name} may differ between engines: use ${[...EXACT_MATH].slice(0, 4).join(', ')} … or a table`,
      );
    }
    if (LOCALE.test(name))
      add(node, `${name} depends on locale or engine: compare with < and leave words to the views`);
  });
  return found;
}

/** False for names of properties, types of parameters and similar. */
function isUse(node: Node, parent: Node | undefined): boolean {
  if (parent?.type === 'MemberExpression') return parent.object === node || parent.computed;
  if (parent?.type === 'Property') return parent.value === node;
  return parent?.type !== 'TSTypeReference' && parent?.type !== 'TSPropertySignature';
}
